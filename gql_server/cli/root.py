"""The command ``gql-server``, and what it has below it."""

from typing import Annotated

import typer

from gql_server import __version__
from gql_server.cli.commands import Commands

cli = typer.Typer(
    name="gql-server",
    cls=Commands,
    pretty_exceptions_show_locals=False,  # they hold secrets
    help="A GraphQL API server for AI images on Cloudflare Workers AI and R2. "
    "Settings are environment variables, or lines of a file .env; "
    "docs/settings.md lists them.",
    no_args_is_help=True,
    add_completion=False,
)


def _version(is_requested: bool) -> None:
    if is_requested:
        typer.echo(f"gql-server {__version__}")
        raise typer.Exit


@cli.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    pass
