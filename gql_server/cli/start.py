"""What commands begin with."""

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import NoReturn, TypeVar

import structlog
import typer

from gql_server.bootstrap.resources import open_database
from gql_server.database.engine.engine import Database
from gql_server.logs import configure_logs
from gql_server.settings import Settings, load_settings, misspelled_settings
from gql_server.storage.private_files import make_new_files_private

log = structlog.get_logger(__name__)

settings_read: ContextVar[Settings | None] = ContextVar("settings", default=None)
"""What the running command has read, for the words of its errors."""

T = TypeVar("T")


def read_settings(**overrides: object) -> Settings:
    """Read the settings and begin to log.

    Raises:
        SettingsError: One is wrong.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    settings = load_settings(**given)
    settings_read.set(settings)
    make_new_files_private()
    configure_logs(level=settings.log_level, style=settings.effective_log_format)
    for found in misspelled_settings():
        log.warning("setting_misspelled", name=found.name, at=found.place, did_you_mean=found.meant)
    return settings


def with_database(work: Callable[[Database], Awaitable[T]]) -> T:
    """Do a piece of work on the database of the settings, which has to be there."""
    settings = read_settings()
    show_database(settings, err=True)

    async def run() -> T:
        async with open_database(settings, migrates=False) as database:
            return await work(database)

    return asyncio.run(run())


def show_database(settings: Settings, *, err: bool = False) -> None:
    """Say which database a command works on.

    Args:
        settings: Where it is.
        err: Whether on standard error, because standard output is data.
    """
    typer.echo(f"Database: {settings.database_label}", err=err)


def check_workers_can_be_apart(settings: Settings) -> None:
    """End the command where the database cannot be shared with workers."""
    if settings.sqlalchemy_url.get_backend_name() == "sqlite":
        fail("DATABASE_URL: separate workers require postgresql://…")


def in_utc(moment: datetime | None) -> datetime | None:
    """Take a moment that names no time zone as UTC."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=UTC)


def fail(message: str) -> NoReturn:
    """Say what is wrong, and end the command with 1."""
    typer.echo(message, err=True)
    raise typer.Exit(1)
