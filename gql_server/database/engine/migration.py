"""Brings a database to the present shape, and tells whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from gql_server import __version__
from gql_server.database.engine.engine import Database


class DatabaseOutdated(Exception):
    """The database lacks migrations, or has none of the server's tables; the message says which."""


class DatabaseNewer(Exception):
    """The database has migrations that this version does not know; the message says which."""


async def migrate(database: Database) -> str:
    """Run every migration that is missing, in one transaction; return the revision reached.

    Several processes may call this at the same time: one migrates, the others find it done.

    Raises:
        DatabaseNewer: A newer version, or another program, has migrated it.
    """
    async with database.write() as connection:
        _check_known(await connection.run_sync(_revision))
        await connection.run_sync(_upgrade)
        return await connection.run_sync(_revision) or ""


async def check_current(database: Database) -> None:
    """Check that the database has the migrations of this version, and no others.

    Raises:
        DatabaseNewer: A newer version, or another program, has migrated it.
        DatabaseOutdated: It has to be migrated first.
    """
    async with database.read() as connection:
        found = await connection.run_sync(_revision)
    _check_known(found)
    if found is None:
        raise DatabaseOutdated("The database has no tables of gql_server yet")
    if found != head_revision():
        raise DatabaseOutdated(
            f"The database is of an older version: its revision is {found}, and {_this_version()} "
            f"needs {head_revision()}"
        )


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


def _check_known(found: str | None) -> None:
    script = ScriptDirectory.from_config(alembic_config())
    if found is None or found in {one.revision for one in script.walk_revisions()}:
        return
    head = script.get_current_head() or ""
    is_newer = found.isdecimal() and found > head
    kind = "of a newer version" if is_newer else "not one of gql_server, or of a newer version"
    raise DatabaseNewer(
        f"The database is {kind}: its revision is {found}, and {_this_version()} knows revisions "
        f"up to {head}. Use the version of gql_server that migrated it, or a later one."
    )


def _this_version() -> str:
    return f"gql_server {__version__}"


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
