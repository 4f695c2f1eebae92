"""What had not finished when a backup was made: held, so that nothing is paid for twice.

Between the backup and the loss of the server, its images may have been generated and paid for.
"""

import asyncio
from dataclasses import dataclass
from typing import Final

from gql_server.backup.errors import ServerRuns
from gql_server.database.engine.engine import Database
from gql_server.database.queries.processes import read_beats, remove_all_processes
from gql_server.database.queries.restored import (
    OpenKey,
    fail_open_key,
    open_keys,
    pause_all_batches,
    put_all_items_back,
)
from gql_server.domain.batches import PauseReason
from gql_server.domain.clock import now
from gql_server.domain.errors import GenerationFailed
from gql_server.generation.recovery import storage_key
from gql_server.idempotency.operations import failure_to_json
from gql_server.pictures.formats import ImageFormat
from gql_server.storage.store import Store

_KEYS_AT_ONCE: Final = 100
_UPLOAD: Final = "src_"
_UNKNOWN: Final = (
    "The server was restored from a backup that was made while this request was running. Whether "
    "its images were generated and paid for is not known. To generate them, send the request with "
    "another idempotency key."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldWork:
    """What is held.

    Attributes:
        batches: Paused batches.
        items: Images of batches that had not finished.
        requests: Requests with idempotency keys that are answered with an error.
    """

    batches: int
    items: int
    requests: int


async def hold_unfinished(database: Database, store: Store) -> HeldWork:
    """Hold everything that a restored server would continue, while no server runs.

    Batches are paused until a user resumes them. Their items count as started before, so that
    bytes that are in the store are used. An idempotency key whose request had not finished answers
    with an error, unless its image is in the store or waits at its provider.

    Raises:
        StoreUnavailable, StoreMisconfigured: The store cannot be read.
        DatabaseUnavailable: The database does not answer.
    """
    async with database.write() as connection:
        await remove_all_processes(connection)
        items = await put_all_items_back(connection)
        batches = await pause_all_batches(
            connection, reason=PauseReason.RESTORED.value, moment=now()
        )
    requests = await _fail_requests(database, store)
    return HeldWork(batches=batches, items=items, requests=requests)


async def check_no_server_runs(database: Database, *, seconds: float) -> None:
    """Check that no process sends heartbeats, by waiting for one.

    Args:
        database: The database.
        seconds: How long to wait: longer than the time between two heartbeats.

    Raises:
        ServerRuns: One does.
    """
    async with database.read() as connection:
        before = await read_beats(connection)
    if not before:
        return
    await asyncio.sleep(seconds)
    async with database.read() as connection:
        after = await read_beats(connection)
    if any(before.get(process_id) != beat_at for process_id, beat_at in after.items()):
        raise ServerRuns("a server runs on this database; stop every server and worker first")


async def _fail_requests(database: Database, store: Store) -> int:
    error = failure_to_json(GenerationFailed(_UNKNOWN, retryable=False))
    assert error is not None  # noqa: S101 - such an error is remembered
    failed, last = 0, None
    while True:
        async with database.read() as connection:
            found = await open_keys(connection, after=last, limit=_KEYS_AT_ONCE)
        lost = [one for one in found if not await _can_finish(store, one)]
        async with database.write() as connection:
            for one in lost:
                await fail_open_key(connection, one, error=error, moment=now())
        failed += len(lost)
        if len(found) < _KEYS_AT_ONCE:
            return failed
        last = found[-1]


async def _can_finish(store: Store, found: OpenKey) -> bool:
    """Return whether a request can be finished without paying: an upload costs nothing."""
    if found.is_remote or found.result_id.startswith(_UPLOAD):
        return True
    for image_format in ImageFormat:
        if await store.exists(storage_key(found.result_id, image_format)):
            return True
    return False
