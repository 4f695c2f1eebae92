"""What every command begins with, and how it ends when it cannot go on."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import NoReturn, TypeVar

import typer

from gql_server.bootstrap.resources import StartError, database_fault, open_database
from gql_server.database.engine.engine import Database, DatabaseUnavailable
from gql_server.domain.errors import DomainError, Rejected
from gql_server.logs import configure_logs
from gql_server.settings import Settings, SettingsError, load_settings
from gql_server.storage.private_files import make_new_files_private

T = TypeVar("T")


def read_settings(**overrides: object) -> Settings:
    """Read the settings and begin to log; end the command when one is wrong."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        settings = load_settings(**given)
    except SettingsError as error:
        fail(str(error))
    make_new_files_private()
    configure_logs(level=settings.log_level, style=settings.effective_log_format)
    return settings


def with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Do a piece of work on the database of the settings; end the command when it fails."""
    settings = read_settings()

    async def run() -> T:
        async with open_database(settings) as database:
            return await work(database)

    try:
        return asyncio.run(run())
    except DatabaseUnavailable as error:
        fail(f"DATABASE_URL: {database_fault(error)}")
    except StartError as error:
        fail(str(error))
    except Rejected as error:
        fail("\n".join(fault.message for fault in error.errors))
    except DomainError as error:
        fail(error.message)


def in_utc(moment: datetime | None) -> datetime | None:
    """Take a moment that names no time zone as UTC."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)


def fail(message: str) -> NoReturn:
    """Say what is wrong, and end the command with 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)
