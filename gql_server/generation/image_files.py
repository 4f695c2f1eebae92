"""Moving and erasing the files of images and uploads, as their rows say.

A deleted image's file is moved to a hidden key, so that its URL does not answer. A purged image's
file is erased, and so are its copies in caches. The rows are changed first; a crash leaves files
that are due, which any process finds.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final, TypeVar

import structlog

from gql_server.database.engine.engine import Database
from gql_server.database.queries.image_files import (
    claim_image_files,
    claim_upload_files,
    notice_changes_of_others,
    settle_image_files,
    settle_upload_files,
)
from gql_server.database.records.image_files import ImageFile, Place, UploadFile
from gql_server.storage.edge_cache import EdgeCache, NoEdgeCache
from gql_server.storage.store import WITHHELD, Store, StoreMisconfigured, StoreUnavailable

log = structlog.get_logger(__name__)

FileT = TypeVar("FileT", ImageFile, UploadFile)

_SLICE: Final = 100
_AT_ONCE: Final = 8


class ImageFiles:
    """Moves and erases files; safe on any number of processes, and after a crash."""

    def __init__(self, database: Database, store: Store, edge: EdgeCache | None = None) -> None:
        """Take the database, its store, and the cache in front of the store."""
        self._database = database
        self._store = store
        self._edge = edge or NoEdgeCache()

    async def settle(self, image_ids: Collection[str]) -> None:
        """Move or erase the files of images now, if they are due.

        Never fails for the store: what cannot be done now is tried again a minute later.

        Raises:
            DatabaseUnavailable: The database does not answer; the files are still due.
        """
        async with self._database.write() as connection:
            files = await claim_image_files(connection, hide=_hidden, ids=image_ids, limit=_SLICE)
        await self._settle_images(files)

    async def settle_uploads(self, upload_ids: Collection[str]) -> None:
        """Erase the files of deleted uploads now, as ``settle`` does."""
        async with self._database.write() as connection:
            files = await claim_upload_files(connection, ids=upload_ids, limit=_SLICE)
        await self._settle_uploads(files)

    async def sweep(self) -> None:
        """Move and erase every file that is due and that no other process works on."""
        while await self._sweep_images():
            pass
        while await self._sweep_uploads():
            pass

    async def notice(self) -> None:
        """Find images that an older version of the server, beside this one, deleted or restored."""
        async with self._database.write() as connection:
            await notice_changes_of_others(connection)

    async def _sweep_images(self) -> bool:
        async with self._database.write() as connection:
            files = await claim_image_files(connection, hide=_hidden, limit=_SLICE)
        return await self._settle_images(files) and len(files) == _SLICE

    async def _sweep_uploads(self) -> bool:
        async with self._database.write() as connection:
            files = await claim_upload_files(connection, limit=_SLICE)
        return await self._settle_uploads(files) and len(files) == _SLICE

    async def _settle_images(self, files: Sequence[ImageFile]) -> bool:
        done = await self._out_of_caches(await _each(files, self._place))
        if done:
            async with self._database.write() as connection:
                await settle_image_files(connection, done)
        return len(done) == len(files)

    async def _settle_uploads(self, files: Sequence[UploadFile]) -> bool:
        done = await self._out_of_caches(
            await _each(files, lambda one: self._store.erase(one.storage_key, None))
        )
        if done:
            async with self._database.write() as connection:
                await settle_upload_files(connection, [one.id for one in done])
        return len(done) == len(files)

    async def _place(self, file: ImageFile) -> None:
        if file.place is Place.NOWHERE:
            await self._store.erase(file.storage_key, file.withheld_key)
        elif file.withheld_key is None:
            return  # it was never moved
        elif file.place is Place.HIDDEN:
            await self._store.withhold(file.storage_key, file.withheld_key)
        else:
            await self._store.release(file.storage_key, file.withheld_key)

    async def _out_of_caches(self, files: Sequence[FileT]) -> Sequence[FileT]:
        """Purge the cache in front of the store; return the files for which that succeeded.

        Also after a file is back: the cache may have kept that it was gone.
        """
        if not files:
            return files
        try:
            await self._edge.purge([one.storage_key for one in files])
        except (StoreUnavailable, StoreMisconfigured) as error:
            log.warning("cache_not_purged", files=len(files), reason=str(error))
            return ()
        return files


async def _each(
    files: Sequence[FileT], work: Callable[[FileT], Awaitable[None]]
) -> Sequence[FileT]:
    """Do something to each file, some at a time; return those for which it succeeded."""
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def settle(file: FileT) -> FileT | None:
        async with at_once:
            try:
                await work(file)
            except (StoreUnavailable, StoreMisconfigured) as error:
                log.warning("file_not_settled", image=file.id, reason=str(error))
                return None
            return file

    return [one for one in await asyncio.gather(*map(settle, files)) if one is not None]


def _hidden(key: str) -> str:
    # Flat: a listing of a folder has no folders in it.
    return f"{WITHHELD}{secrets.token_hex(16)}-{key.rpartition('/')[2]}"
