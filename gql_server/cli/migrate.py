"""``gql-server migrate``."""

import asyncio

import typer

from gql_server.bootstrap.resources import migrate_database
from gql_server.cli.start import read_settings, show_database


def migrate() -> None:
    """Migrate the database to this version.

    Safe to run repeatedly, and on several machines at once.
    """
    settings = read_settings()
    show_database(settings)
    revision = asyncio.run(migrate_database(settings))
    typer.echo(f"The database is at revision {revision}.")
