"""A batch, from the request to the images in a folder."""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from uuid import uuid4

from gql_server.cli.batches.folder import OutputFolder, OutputFolderError, Request
from gql_server.client import (
    AsyncClient,
    Batch,
    BatchItem,
    BatchPending,
    GenerationPending,
    GqlServerError,
    ImageFile,
    NotFound,
    Rejected,
    ServerUnreachable,
)
from gql_server.client.documents import PING

_DOWNLOADS: Final = 8
_UNCERTAIN: Final = (BatchPending, GenerationPending, ServerUnreachable)


class Listener(Protocol):
    """Receives the progress of a batch."""

    def on_start(self, batch_id: str, idempotency_key: str | None, *, is_resumed: bool) -> None:
        """The batch is there, and is watched from now on."""

    def on_progress(self, batch: Batch, saved: int) -> None:
        """Items ended, or images were saved."""


@dataclass
class Result:
    """What became of a batch.

    Attributes:
        batch: The batch at its end.
        failed: The items that failed, in their order.
        saved: How many images were downloaded.
        present: How many were there already.
        missing: The items whose image could not be downloaded, in order.
    """

    batch: Batch
    failed: list[BatchItem] = field(default_factory=list)
    saved: int = 0
    present: int = 0
    missing: list[BatchItem] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether every requested image is in the folder."""
        return self.batch.succeeded == self.batch.total and not self.missing


async def start_batch(
    client: AsyncClient, folder: OutputFolder, given: Mapping[str, Any], listener: Listener
) -> str:
    """Request a batch, unless it was requested from this folder before; return its ID.

    Args:
        client: Who requests it.
        folder: Remembers the request before it is sent, so that one whose answer was lost is not
            requested twice.
        given: A GenerateBatchInput; an idempotency key is added if it has none.
        listener: Receives the progress.

    Raises:
        Rejected: The server did not accept it; the folder has forgotten it.
        OutputFolderError: The folder belongs to another batch.
        GqlServerError: The caller may not, this is no such server, or it did not answer for too
            long.
    """
    digest = hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()
    request = folder.request()
    is_first = request is None
    if request is None:
        key = given.get("idempotencyKey") or f"gql-server batch {uuid4()}"
        request = Request(idempotency_key=key, digest=digest)
        await client.execute(PING)  # so that nothing is kept for a wrong address
        folder.keep_request(request)
    elif request.digest != digest:
        raise OutputFolderError(
            f"{folder.path} belongs to another batch, or to other settings of it: name another "
            f"folder, or continue {_known(request)}."
        )
    if request.batch_id is not None:
        listener.on_start(request.batch_id, request.idempotency_key, is_resumed=True)
        return request.batch_id
    try:
        batch = await client.send_batch({**given, "idempotencyKey": request.idempotency_key})
    except GqlServerError as error:
        # Otherwise an earlier request may have been accepted, and its key finds the batch.
        was_not_run = is_first and not error.may_have_run and not isinstance(error, _UNCERTAIN)
        if was_not_run or (isinstance(error, Rejected) and not isinstance(error, _UNCERTAIN)):
            folder.forget_request()
        raise
    folder.keep_request(request.model_copy(update={"batch_id": batch.id}))
    listener.on_start(batch.id, request.idempotency_key, is_resumed=False)
    return batch.id


async def resume_batch(
    client: AsyncClient, folder: OutputFolder, batch_id: str, listener: Listener
) -> str:
    """Continue a batch that was requested before, here or elsewhere; return its ID.

    Raises:
        OutputFolderError: The folder belongs to another batch.
        GqlServerError: The caller has no such batch, or the server did not answer for too long.
    """
    request = folder.request()
    if request is not None and request.batch_id not in {None, batch_id}:
        raise OutputFolderError(f"{folder.path} belongs to {_known(request)}: name another folder.")
    await client.batch(batch_id)
    if request is None or request.batch_id is None:
        folder.keep_request(Request(batch_id=batch_id))
    listener.on_start(batch_id, None, is_resumed=True)
    return batch_id


async def save_batch(
    client: AsyncClient, folder: OutputFolder, batch_id: str, listener: Listener
) -> Result:
    """Watch a batch until it ends, and save each image as soon as it exists.

    Args:
        client: Who watches it.
        folder: Where the images go; what is there already is not downloaded again.
        batch_id: The batch.
        listener: Receives the progress.

    Raises:
        GqlServerError: The caller has no such batch, or the server or the store did not answer for
            too long.
        OSError: An image could not be written.
    """
    result = Result(await client.batch(batch_id))
    pending: asyncio.Queue[tuple[BatchItem, ImageFile] | None] = asyncio.Queue()

    async def save_pending() -> None:
        while (found := await pending.get()) is not None:
            await _save(client, folder, *found, result)
            listener.on_progress(result.batch, result.saved + result.present)

    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_DOWNLOADS):
                tasks.create_task(save_pending())
            async with aclosing(client.watch_batch(batch_id)) as updates:
                async for update in updates:
                    result.batch = update.batch
                    for item in update.finished_items:
                        _take(item, pending, result)
                    listener.on_progress(result.batch, result.saved + result.present)
            for _ in range(_DOWNLOADS):
                pending.put_nowait(None)
    except ExceptionGroup as group:
        raise group.exceptions[0] from None  # the first one has ended the others
    result.failed.sort(key=lambda item: item.index)
    result.missing.sort(key=lambda item: item.index)
    folder.keep_failed(result.failed)
    return result


def _take(
    item: BatchItem, pending: asyncio.Queue[tuple[BatchItem, ImageFile] | None], result: Result
) -> None:
    if item.image is not None:
        pending.put_nowait((item, item.image))
    elif item.status == "SUCCEEDED":
        result.missing.append(item)
    elif item.status == "FAILED":
        result.failed.append(item)


async def _save(
    client: AsyncClient, folder: OutputFolder, item: BatchItem, image: ImageFile, result: Result
) -> None:
    target = folder.image_path(item, image)
    if target.exists():
        result.present += 1
        return
    try:
        await client.download(image, target)
    except NotFound:
        result.missing.append(item)
    else:
        result.saved += 1


def _known(request: Request) -> str:
    return f"--resume {request.batch_id}" if request.batch_id else "the command that started it"
