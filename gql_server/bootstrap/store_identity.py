"""The identity of the store: whether it is the one with the database's images.

A store has a marker with an ID, and the database knows that ID. A folder whose volume is not
mounted, or another bucket, is detected.
"""

from typing import Final

import structlog

from gql_server.database.engine.engine import Database
from gql_server.database.queries.stores import adopt_store, adopted_store, some_stored_keys
from gql_server.domain.ids import new_id
from gql_server.storage.store import Store, StoreUnavailable

log = structlog.get_logger(__name__)

_HINT: Final = (
    "Mount or name the right one. If this is the right one all the same, run "
    "`gql-server audit --store --adopt`"
)
_NO_STORE: Final = "none"
"""An ID that no marker has."""


class WrongStore(Exception):
    """The store does not have the database's images; the message says what to do."""


class UnrecognizedStore(WrongStore):
    """A database that never adopted a store has images, and the store has none that were checked.

    A server reads all the same, but writes nothing to such a store and is not ready.
    """


async def require_store(database: Database, store: Store) -> None:
    """Use the store only while it is the one with the database's images.

    A database without images adopts the store; so does one of an older version, if images of it
    exist there. A store that does not answer is checked later, as ``Store.check`` does.

    Raises:
        WrongStore: The store has no marker or another one, and the database has images.
        UnrecognizedStore: The same, and the database has not adopted any store. Nothing can be
            written to the store from then on.
        StoreMisconfigured: The store refuses.
    """
    async with database.read() as connection:
        known = await adopted_store(connection)
    if known is not None:
        store.require_marker(known)
    try:
        found = await store.read_marker()
        if known is not None and found == known:
            return
        if known is None:
            store.require_marker(_NO_STORE)
        await _check_images(database, store, known=known, found=found)
        await adopt(database, store)
    except StoreUnavailable as error:
        log.warning("store_not_identified", reason=str(error))


async def adopt(database: Database, store: Store) -> str:
    """Make the store the one with the database's images, whatever it contains.

    Raises:
        StoreMisconfigured: The store refuses.
        StoreUnavailable: The store does not answer.
    """
    store_id = await store.read_marker() or await store.write_marker(new_id("sto"))
    await adopt_store(database, store_id)
    store.require_marker(store_id)
    log.info("store_adopted", store=store_id)
    return store_id


async def _check_images(
    database: Database, store: Store, *, known: str | None, found: str | None
) -> None:
    """Check that the store can be adopted without losing anything."""
    async with database.read() as connection:
        keys = await some_stored_keys(connection)
    if not keys:
        return
    if known is not None:
        what = "has no marker" if found is None else f"has the marker of another store, {found}"
        raise WrongStore(f"it is not the store of the database's images: it {what}. {_HINT}")
    for key in keys:
        if await store.exists(key):
            return
    raise UnrecognizedStore(
        f"the database has images, but the store contains none of those that were checked, such as "
        f"{keys[0]}. {_HINT}"
    )
