"""Erasing everything of one user; the ledger keeps the amounts.

Each step leaves nothing for the next time, so an erasure that was killed is simply run again. Keys
go first, so that nothing new arrives with one.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import structlog

from gql_server.access.keys import REVOKED_KEYS
from gql_server.batches.completion import cancel_queued
from gql_server.batches.pause import resume_changes
from gql_server.database.engine.engine import Database
from gql_server.database.engine.notifications import notify
from gql_server.database.queries.batches import lock_batch, set_batch
from gql_server.database.queries.erasing import purge_images
from gql_server.database.queries.erasures import (
    count_purged,
    finish_erasure,
    insert_erasure,
    unfinished_erasure_of,
)
from gql_server.database.queries.known_users import is_known_user
from gql_server.database.queries.user_data import (
    count_unpurged,
    delete_keys,
    delete_some_uploads,
    delete_some_webhooks,
    erase_batch,
    erase_requests_of,
    erase_templates,
    files_left,
    forget_uploads,
    rows_of_user,
    some_images,
    unfinished_work,
)
from gql_server.database.tables.batches import BatchRow
from gql_server.database.tables.erasures import ErasureRow
from gql_server.domain.batches import FINISHED, BatchStatus
from gql_server.domain.clock import now
from gql_server.domain.erasures import ErasureKind
from gql_server.domain.ids import new_id
from gql_server.generation.image_files import ImageFiles

log = structlog.get_logger(__name__)

_SLICE: Final = 100
_LOOK_SECONDS: Final = 1.0
_CLAIM_SECONDS: Final = 75.0
"""Longer than a process that was killed had claimed files for."""

WAIT_SECONDS: Final = 180.0
"""How long to wait for images that are being generated."""

Report = Callable[[int], None]
"""Called with the number of images that were purged since the last call."""


@dataclass(frozen=True, slots=True)
class UserErasureEnd:
    """How far the erasure of a user came.

    Attributes:
        erasure_id: The ID of its record.
        at_work: What processes are still generating; more than 0: it is to be run again.
        files: The files that the store did not erase; more than 0: it is to be run again.
    """

    erasure_id: str
    at_work: int
    files: int

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left."""
        return not self.at_work and not self.files


class UserUnknown(Exception):
    """Nothing belongs to this user, or ever did."""


async def images_of(database: Database, user_id: str) -> int:
    """Return how many images of a user would be purged.

    Raises:
        UserUnknown: Nothing belongs to this user, or ever did.
    """
    async with database.read() as connection:
        if not await is_known_user(connection, user_id):
            raise UserUnknown
        return await count_unpurged(connection, user_id)


async def erase_user(
    database: Database,
    files: ImageFiles,
    user_id: str,
    *,
    report: Report,
    wait_seconds: float = WAIT_SECONDS,
) -> UserErasureEnd:
    """Erase everything of a user, with the servers running or not.

    Args:
        database: The database.
        files: Erases the files.
        user_id: The user.
        report: Called as images are purged.
        wait_seconds: How long to wait for images that are being generated.
    """
    erasure_id = await _begin(database, user_id)
    at_work = await _stop_work(database, user_id, wait_seconds=wait_seconds)
    await _purge_images(database, files, user_id, erasure_id, report)
    await _erase_uploads(database, files, user_id)
    async for batches in rows_of_user(database, BatchRow, user_id):
        for batch in batches:
            async with database.write() as connection:
                await erase_batch(connection, batch["id"])
    async with database.write() as connection:
        await erase_templates(connection, user_id)
        await erase_requests_of(connection, user_id)
    deleted = 1
    while deleted:
        async with database.write() as connection:
            deleted = await delete_some_webhooks(connection, user_id)
    left = await _wait_for_files(database, files, user_id)
    end = UserErasureEnd(erasure_id, at_work, left)
    if end.is_complete:
        async with database.write() as connection:
            await finish_erasure(connection, erasure_id, at=now())
        log.info("user_erased", erasure=erasure_id)
    await database.forget_overwritten()
    return end


async def _begin(database: Database, user_id: str) -> str:
    """Record the erasure, or find the one that was interrupted; delete the keys."""
    async with database.write() as connection:
        erasure_id = await unfinished_erasure_of(connection, user_id)
        if erasure_id is None:
            erasure_id = new_id("ers")
            row = ErasureRow(
                id=erasure_id,
                kind=ErasureKind.USER,
                user_id=user_id,
                total=await count_unpurged(connection, user_id),
                created_at=now(),
            )
            await insert_erasure(connection, row)
        keys = await delete_keys(connection, user_id)
        await notify(connection, REVOKED_KEYS)
    log.info("user_erasure_started", erasure=erasure_id, keys=keys)
    return erasure_id


async def _stop_work(database: Database, user_id: str, *, wait_seconds: float) -> int:
    """Cancel what has not started, and wait for the rest; return how much is still running."""
    until = asyncio.get_running_loop().time() + wait_seconds
    while True:
        async for batches in rows_of_user(database, BatchRow, user_id):
            for batch in batches:
                if BatchStatus(batch["status"]) not in FINISHED:
                    await _cancel(database, batch["id"])
        async with database.read() as connection:
            at_work = await unfinished_work(connection, user_id)
        if not at_work or asyncio.get_running_loop().time() > until:
            return at_work
        await asyncio.sleep(_LOOK_SECONDS)


async def _cancel(database: Database, batch_id: str) -> None:
    async with database.write() as connection:
        await set_batch(connection, batch_id, {"webhook_url": None})
    async with database.write() as connection:
        await cancel_queued(connection, batch_id)
    async with database.write() as connection:
        found = await lock_batch(connection, batch_id)
        if found is not None and BatchStatus(found.status) not in FINISHED:
            change = {"status": BatchStatus.CANCELING.value, **resume_changes(found)}
            await set_batch(connection, batch_id, change)


async def _purge_images(
    database: Database, files: ImageFiles, user_id: str, erasure_id: str, report: Report
) -> None:
    while True:
        async with database.write() as connection:
            ids = await some_images(connection, user_id, limit=_SLICE)
            number = await purge_images(connection, ids, at=now())
            await count_purged(connection, erasure_id, number)
        if not ids:
            return
        await files.settle(ids)
        await database.forget_overwritten()
        report(number)


async def _wait_for_files(database: Database, files: ImageFiles, user_id: str) -> int:
    """Erase what is left, also what a killed process had claimed; return how much remains."""
    until = asyncio.get_running_loop().time() + _CLAIM_SECONDS
    while True:
        await files.sweep()
        async with database.read() as connection:
            left = await files_left(connection, user_id)
        if not left or asyncio.get_running_loop().time() > until:
            break
        await asyncio.sleep(_LOOK_SECONDS)
    async with database.write() as connection:
        await forget_uploads(connection, user_id)
    return left


async def _erase_uploads(database: Database, files: ImageFiles, user_id: str) -> None:
    ids = [""]
    while ids:
        async with database.write() as connection:
            ids = await delete_some_uploads(connection, user_id)
        await files.settle_uploads(ids)
