"""Brings a database to the present shape, and tells whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from gql_server.database.engine.engine import Database


async def migrate(database: Database) -> str:
    """Run every migration that is missing, in one transaction; return the revision reached.

    Several processes may call this at the same time: one migrates, the others find it done.
    """
    async with database.write() as connection:
        await connection.run_sync(_upgrade)
        return await connection.run_sync(_revision) or ""


async def is_current(database: Database) -> bool:
    """Tell whether the database has every migration that this version knows."""
    async with database.read() as connection:
        return await connection.run_sync(_revision) == head_revision()


def head_revision() -> str | None:
    """Return the newest revision that this version knows."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def alembic_config() -> Config:
    """Return Alembic's configuration; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parents[1] / "migrations"))
    return config


def _upgrade(connection: Connection) -> None:
    config = alembic_config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
