"""Migrating a database, and checking whether it is migrated."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy import Connection, column, inspect, select, table, text

from gql_server import __version__
from gql_server.database.engine.engine import Database

_MIGRATIONS: Final = Path(__file__).parents[1] / "migrations" / "versions"
_VERSIONS: Final = table("alembic_version", column("version_num"))


log = structlog.get_logger(__name__)


class DatabaseOutdated(Exception):
    """Migrations are missing, or all of the server's tables; the message says which."""


class DatabaseNewer(Exception):
    """The database has migrations that this version does not know; the message says which."""


async def migrate(database: Database, *, may_be_newer: bool = False) -> str:
    """Run every missing migration, in one transaction; return the new revision.

    Several processes may call this at the same time: one migrates, the others find it done.

    Args:
        database: The database.
        may_be_newer: Whether nothing is done if a newer version has migrated it.

    Raises:
        DatabaseNewer: A newer version, or another program, has migrated the database.
    """
    async with database.write() as connection:
        found = await connection.run_sync(_revision)
        if found is not None and may_be_newer and _is_newer(found):
            return found
        _check_known(found)
        if found != head_revision():
            if not database.is_sqlite:
                # A busy machine takes its time to import Alembic and each migration.
                await connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            from gql_server.database.engine.upgrade import upgrade  # noqa: PLC0415 - see there

            await connection.run_sync(upgrade)
        return head_revision()


async def check_current(database: Database, *, may_be_newer: bool = False) -> None:
    """Check that the database has the migrations of this version, and no others.

    Args:
        database: The database.
        may_be_newer: Whether it may have the migrations of a newer version. They only add, so that
            the version before works.

    Raises:
        DatabaseNewer: A newer version, or another program, has migrated the database.
        DatabaseOutdated: The database must be migrated first.
    """
    async with database.read() as connection:
        found = await connection.run_sync(_revision)
    if may_be_newer and _is_newer(found):
        log.warning("database_newer", revision=found, known=head_revision())
        return
    _check_known(found)
    if found is None:
        raise DatabaseOutdated("The database has no tables of gql_server yet")
    if found != head_revision():
        raise DatabaseOutdated(
            f"The database is of an older version: its revision is {found}, and {_this_version()} "
            f"needs {head_revision()}"
        )


def head_revision() -> str:
    """Return the newest revision that this version knows."""
    return known_revisions()[-1]


@cache
def known_revisions() -> Sequence[str]:
    """Return the revisions that this version knows, oldest first.

    Each migration's file name starts with its revision.
    """
    return sorted(file.name.partition("_")[0] for file in _MIGRATIONS.glob("[0-9]*.py"))


def _is_newer(found: str | None) -> bool:
    return found is not None and found.isdecimal() and found > head_revision()


def _check_known(found: str | None) -> None:
    if found is None or found in known_revisions():
        return
    head = head_revision()
    is_newer = _is_newer(found)
    kind = "of a newer version" if is_newer else "not one of gql_server, or of a newer version"
    back = " To roll back by one version, set ALLOW_NEWER_DATABASE=true." if is_newer else ""
    raise DatabaseNewer(
        f"The database is {kind}: its revision is {found}, and {_this_version()} knows revisions "
        f"up to {head}. Use the version of gql_server that migrated it, or a later one.{back}"
    )


def _this_version() -> str:
    return f"gql_server {__version__}"


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_VERSIONS.name):
        return None
    found: str | None = connection.scalar(select(_VERSIONS.c.version_num))
    return found
