"""A batch, from the request to the images in a folder."""

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from uuid import uuid4

import httpx

from gql_server.client.answers import Batch, Image, Item, UserError
from gql_server.client.downloads import Fetched, fetch_picture
from gql_server.client.errors import ServerRefused
from gql_server.client.folder import OutputFolder, OutputFolderError, Request
from gql_server.client.server import Server

_DOWNLOADS: Final = 8


class BatchRefused(Exception):
    """The server did not accept the batch.

    Attributes:
        errors: Everything that is wrong with it.
    """

    def __init__(self, errors: Sequence[UserError]) -> None:
        super().__init__("\n".join(error.message for error in errors))
        self.errors = errors


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
        saved: How many images were fetched.
        present: How many were there already.
        missing: The items whose image could not be downloaded, in order.
    """

    batch: Batch
    failed: list[Item] = field(default_factory=list)
    saved: int = 0
    present: int = 0
    missing: list[Item] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether every requested image is in the folder."""
        return self.batch.succeeded == self.batch.total and not self.missing


async def start_batch(
    server: Server, folder: OutputFolder, source: Mapping[str, Any], listener: Listener
) -> str:
    """Request a batch, unless it was requested from this folder before; return its ID.

    Args:
        server: Who makes it.
        folder: Remembers the request before it is sent, so that one whose answer was lost is not
            requested twice.
        source: A GenerateBatchInput; an idempotency key is added if it has none.
        listener: Receives the progress.

    Raises:
        BatchRefused: The server did not accept it; the folder has forgotten it.
        OutputFolderError: The folder belongs to another batch.
        ServerRefused: The caller may not, or this is no such server.
        ServerUnreachable: It did not answer for too long.
    """
    digest = hashlib.sha256(json.dumps(source, sort_keys=True).encode()).hexdigest()
    request = folder.request()
    is_first = request is None
    if request is None:
        key = source.get("idempotencyKey") or f"gql-server batch {uuid4()}"
        request = Request(idempotency_key=key, digest=digest)
        await server.check()
        folder.keep_request(request)
    elif request.digest != digest:
        raise OutputFolderError(
            f"{folder.path} belongs to another batch, or to other settings of it: name another "
            f"folder, or continue {_known(request)}."
        )
    if request.batch_id is not None:
        listener.on_start(request.batch_id, request.idempotency_key, is_resumed=True)
        return request.batch_id
    lost_answers = server.lost_answers
    try:
        payload = await server.generate_batch({**source, "idempotencyKey": request.idempotency_key})
    except ServerRefused:
        # Otherwise an earlier request may have been accepted, and its key finds the batch.
        if is_first and server.lost_answers == lost_answers:
            folder.forget_request()
        raise
    if payload.batch is None:
        folder.forget_request()
        raise BatchRefused(payload.user_errors)
    batch_id = payload.batch.id
    folder.keep_request(request.model_copy(update={"batch_id": batch_id}))
    listener.on_start(batch_id, request.idempotency_key, is_resumed=False)
    return batch_id


async def resume_batch(
    server: Server, folder: OutputFolder, batch_id: str, listener: Listener
) -> str:
    """Continue a batch that was requested before, here or elsewhere; return its ID.

    Raises:
        OutputFolderError: The folder belongs to another batch.
        ServerRefused: The caller has no such batch.
        ServerUnreachable: It did not answer for too long.
    """
    request = folder.request()
    if request is not None and request.batch_id not in {None, batch_id}:
        raise OutputFolderError(f"{folder.path} belongs to {_known(request)}: name another folder.")
    await server.batch(batch_id)
    if request is None or request.batch_id is None:
        folder.keep_request(Request(batch_id=batch_id))
    listener.on_start(batch_id, None, is_resumed=True)
    return batch_id


async def save_batch(
    server: Server,
    http: httpx.AsyncClient,
    folder: OutputFolder,
    batch_id: str,
    listener: Listener,
) -> Result:
    """Watch a batch until it ends, and save each image as soon as it exists.

    Args:
        server: Who makes it.
        http: Fetches the images.
        folder: Where they go; what is there already is not fetched again.
        batch_id: The batch.
        listener: Receives the progress.

    Raises:
        ServerRefused: The caller has no such batch.
        ServerUnreachable: The server or the store did not answer for too long.
        OSError: An image could not be written.
    """
    result = Result(await server.batch(batch_id))
    pending: asyncio.Queue[tuple[Item, Image] | None] = asyncio.Queue()

    async def fetch_pending() -> None:
        while (found := await pending.get()) is not None:
            _count(await fetch_picture(server, http, folder, *found), found[0], result)
            listener.on_progress(result.batch, result.saved + result.present)

    try:
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_DOWNLOADS):
                tasks.create_task(fetch_pending())
            async with aclosing(server.watch(batch_id)) as updates:
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


def _take(item: Item, pending: asyncio.Queue[tuple[Item, Image] | None], result: Result) -> None:
    if item.image is not None:
        pending.put_nowait((item, item.image))
    elif item.status == "SUCCEEDED":
        result.missing.append(item)
    elif item.status == "FAILED":
        result.failed.append(item)


def _count(fetched: Fetched, item: Item, result: Result) -> None:
    match fetched:
        case Fetched.SAVED:
            result.saved += 1
        case Fetched.PRESENT:
            result.present += 1
        case Fetched.MISSING:
            result.missing.append(item)


def _known(request: Request) -> str:
    return f"--resume {request.batch_id}" if request.batch_id else "the command that started it"
