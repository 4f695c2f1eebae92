"""Files that were moved while the backup was made: an image was deleted or restored meanwhile.

The database is older than the images, so its rows may say that a file is under the other key.
"""

from collections.abc import Sequence
from contextlib import aclosing

from gql_server.database.engine.engine import Database
from gql_server.database.queries.moved_files import (
    make_files_due,
    movable_images,
    set_withheld_keys,
)
from gql_server.storage.store import WITHHELD, ListedObject, Store

_IMAGES = "generated/"


async def settle_moved_files(database: Database, store: Store) -> None:
    """Move files to where their rows say; a server does so with those that have no place yet.

    Raises:
        StoreUnavailable, StoreMisconfigured: The store cannot be used.
        DatabaseUnavailable: The database does not answer.
    """
    async with aclosing(store.listing(WITHHELD)) as pages:
        async for page in pages:
            await _release(database, store, page)
    async with aclosing(store.listing(_IMAGES)) as pages:
        async for page in pages:
            await _withhold(database, store, [one.key for one in page])


async def _withhold(database: Database, store: Store, keys: Sequence[str]) -> None:
    async with database.write() as connection:
        await make_files_due(connection, keys)
        images = await movable_images(connection, keys)
    for image in images:
        hidden = image.withheld_key
        if image.is_deleted and hidden is not None and not await store.exists(hidden):
            await store.withhold(image.storage_key, hidden)


async def _release(database: Database, store: Store, page: Sequence[ListedObject]) -> None:
    # A hidden key is the name of the file behind a secret.
    hidden = {f"{_IMAGES}{one.key.partition('-')[2]}": one.key for one in page}
    async with database.read() as connection:
        images = await movable_images(connection, hidden)
    unknown = {one.id: hidden[one.storage_key] for one in images if one.withheld_key is None}
    async with database.write() as connection:
        await set_withheld_keys(connection, unknown)
    for image in images:
        if not image.is_deleted and not await store.exists(image.storage_key):
            await store.release(image.storage_key, hidden[image.storage_key])
