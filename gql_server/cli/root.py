"""The command ``gql-server``, and what it has below it."""

from typing import Annotated

import typer

from gql_server import __version__
from gql_server.cli.batch import batch
from gql_server.cli.keys import keys
from gql_server.cli.ledger import audit, costs
from gql_server.cli.prices import prices
from gql_server.cli.schema import schema
from gql_server.cli.serving import migrate, serve, worker
from gql_server.cli.start import Commands
from gql_server.cli.webhooks import webhooks

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
cli.command()(serve)
cli.command()(worker)
cli.command()(migrate)
cli.command()(schema)
cli.command()(audit)
cli.command()(batch)
cli.add_typer(costs)
cli.add_typer(prices)
cli.add_typer(keys)
cli.add_typer(webhooks)


def _version(wanted: bool) -> None:
    if wanted:
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
