"""The command line: serve, migrate, schema."""

import asyncio
import difflib
import sys
from pathlib import Path
from socket import socket
from typing import Annotated, NoReturn

import typer
import uvicorn

from gql_server import __version__
from gql_server.api.schema import schema_text
from gql_server.app import StartError, create_app, migrate_database
from gql_server.database.engine import DatabaseUnavailable
from gql_server.inference.catalogue import CatalogueError
from gql_server.ledger.prices import PriceBookError
from gql_server.logs import configure_logs
from gql_server.settings import Settings, SettingsError, load_settings

cli = typer.Typer(
    name="gql-server",
    help="A GraphQL API server for AI images on Cloudflare Workers AI and R2. "
    "Its settings are environment variables, or lines of a file .env; README lists them.",
    no_args_is_help=True,
    add_completion=False,
)


def main() -> None:
    """Run the command line."""
    cli()


@cli.command()
def serve(
    host: Annotated[
        str | None, typer.Option(help="The address to listen on, in place of HOST.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="The port to listen on, in place of PORT.")
    ] = None,
) -> None:
    """Serve the API and the playground.

    Without any settings: SQLite and the pictures in ./data, drawn by the preview generator.
    An SQLite database is migrated first; with PostgreSQL run migrate before.
    """
    settings = _settings(host=host, port=port)
    configure_logs(level=settings.log_level, style=settings.effective_log_format)
    try:
        app = create_app(settings)
    except (CatalogueError, PriceBookError) as error:
        _fail(str(error))
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=settings.log_level == "debug",
        lifespan="on",
        timeout_graceful_shutdown=round(settings.shutdown_timeout) or 1,
        server_header=False,
    )
    server = _Server(config, settings.server_url)
    server.run()
    if not server.started:
        raise typer.Exit(1)


@cli.command()
def migrate() -> None:
    """Bring the database to the shape that this version needs.

    Safe to run again, and on several machines at once.
    """
    settings = _settings()
    configure_logs(level=settings.log_level, style=settings.effective_log_format)
    try:
        revision = asyncio.run(migrate_database(settings))
    except (StartError, DatabaseUnavailable) as error:
        _fail(f"DATABASE_URL: the database cannot be migrated: {error.__cause__ or error}")
    typer.echo(f"The database is at revision {revision}.")


@cli.command()
def schema(
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the file, and exit 1 when it differs.")
    ] = False,
    file: Annotated[Path, typer.Option(help="The file that --check compares with.")] = Path(
        "schema.graphql"
    ),
) -> None:
    """Print the GraphQL schema in SDL."""
    current = schema_text()
    if not check:
        sys.stdout.write(current)
        return
    try:
        written = file.read_text("utf-8")
    except OSError as error:
        _fail(f"{file}: {error.strerror}")
    if written != current:
        difference = difflib.unified_diff(
            written.splitlines(), current.splitlines(), str(file), "the code", lineterm=""
        )
        typer.echo("\n".join(difference), err=True)
        _fail(f"{file} is stale: run `gql-server schema > {file}`")
    typer.echo(f"{file} is what the code serves.")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gql-server {__version__}")
        raise typer.Exit


@cli.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


class _Server(uvicorn.Server):
    """Says where to go once it listens."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self._url = url

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            typer.echo(f"gql_server {__version__} is at {self._url}")
            typer.echo(f"Playground: {self._url}/graphql")


def _settings(*, host: str | None = None, port: int | None = None) -> Settings:
    try:
        return load_settings(
            **{name: value for name, value in (("host", host), ("port", port)) if value is not None}
        )
    except SettingsError as error:
        _fail(str(error))


def _fail(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(1)
