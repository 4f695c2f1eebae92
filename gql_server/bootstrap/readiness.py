"""What ``/ready`` checks: that a request could be carried out and its image stored."""

import sqlite3
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.processes import beat
from gql_server.generation.services import Services
from gql_server.storage.disk import try_disk
from gql_server.storage.store import StoreMisconfigured, StoreUnavailable
from gql_server.web.health import Check, NotReady


def checks(services: Services) -> Mapping[str, Check]:
    """Return the checks by component; each raises NotReady with what is wrong."""
    return {"database": partial(_database, services), "store": partial(_store, services)}


async def _database(services: Services) -> None:
    """Write what each process writes every few seconds; SQLite's disk must hold more than that."""
    try:
        async with services.database.write() as connection:
            await beat(connection, services.budgets.lease.process_id)
    except DatabaseUnavailable as error:
        raise NotReady(_reason(error)) from error
    file = services.database.engine.url.database
    if services.database.is_sqlite and file is not None:
        try:
            await try_disk(Path(file).parent)
        except (StoreUnavailable, StoreMisconfigured) as error:
            raise NotReady(str(error)) from error


async def _store(services: Services) -> None:
    try:
        await services.store.check()
    except (StoreUnavailable, StoreMisconfigured) as error:
        raise NotReady(str(error)) from error


def _reason(error: BaseException) -> str:
    found: BaseException | None = error
    while found is not None and not isinstance(found, sqlite3.Error):
        found = found.__cause__
    if found is not None:
        return f"The database takes no writes: {found}."
    return "The database does not answer or takes no writes."
