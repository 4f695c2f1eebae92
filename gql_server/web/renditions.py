"""Smaller or converted versions of pictures, made on demand and remembered for a while."""

import asyncio
import hashlib
import time
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Final, Protocol

from cachetools import LRUCache

from gql_server.pictures.formats import ImageFormat
from gql_server.pictures.resizing import render

CACHE_BYTES: Final = 64 * 1024 * 1024
"""The memory that remembered renditions take at most."""

SIDE_BY_SIDE: Final = 2
"""Renditions made at once; each takes a core, and the memory of its decoded picture."""

BURST: Final = 300
"""New renditions that a client address may ask for at once."""

SECONDS_EACH: Final = 0.2
"""Seconds after which it may have another."""

MAX_CLIENTS: Final = 10_000

MAX_WAITING: Final = 32


@dataclass(frozen=True, slots=True)
class RenditionRequest:
    """Which rendition of which bytes; equal ones have the same answer.

    Attributes:
        path: The file of the original.
        digest: The SHA-256 of its bytes, in hex.
        width: Pixels to scale down to.
        format: The format to convert to.
    """

    path: Path
    digest: str
    width: int | None
    format: ImageFormat | None


@dataclass(frozen=True, slots=True)
class Rendition:
    """A rendition that was made.

    Attributes:
        data: Its bytes.
        format: Their format.
        digest: Their SHA-256, in hex.
    """

    data: bytes
    format: ImageFormat
    digest: str


class Render(Protocol):
    """Makes a rendition of a picture's bytes; see ``gql_server.pictures.resizing.render``."""

    def __call__(
        self,
        data: bytes,
        *,
        width: int | None,
        format: ImageFormat | None,  # noqa: A002 - the public name of the argument
    ) -> tuple[bytes, ImageFormat]:
        """Return the rendition and its format."""


class TooManyWaiting(Exception):
    """As many renditions are asked for already as may wait."""


class TooManyOfClient(Exception):
    """One client address asks for more new renditions than it may.

    Attributes:
        retry_after: Seconds until it may have another.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class Renditions:
    """Makes each rendition once for all who ask at the same time, and remembers the latest.

    One that is being made is finished even if all who asked for it have gone away; so many wait
    at most, and the next is refused.
    """

    def __init__(self, *, render: Render = render, cache_bytes: int = CACHE_BYTES) -> None:
        self._render = render
        self._remembered: LRUCache[RenditionRequest, Rendition] = LRUCache(
            cache_bytes, getsizeof=lambda rendition: len(rendition.data)
        )
        self._in_the_making: dict[RenditionRequest, asyncio.Task[Rendition]] = {}
        self._places = asyncio.Semaphore(SIDE_BY_SIDE)
        self._free_at: LRUCache[str, float] = LRUCache(MAX_CLIENTS)

    async def get(self, wanted: RenditionRequest, *, client: str = "") -> Rendition:
        """Return a rendition, made now if need be.

        Args:
            wanted: Which one.
            client: The address that asks. Signed addresses know no user, so addresses of clients
                have an allowance of new renditions in place of users.

        Raises:
            TooManyOfClient: The client has asked for too many lately.
            TooManyWaiting: Others wait already; try again in a moment.
            NotAPicture: The original cannot be decoded.
            OSError: The original cannot be read.
        """
        remembered = self._remembered.get(wanted)
        if remembered is not None:
            return remembered
        task = self._in_the_making.get(wanted)
        if task is None:
            if len(self._in_the_making) >= MAX_WAITING:
                raise TooManyWaiting
            self._spend(client)
            task = asyncio.create_task(self._make_in_turn(wanted))
            self._in_the_making[wanted] = task
            task.add_done_callback(lambda made: self._keep(wanted, made))
        return await asyncio.shield(task)

    def _spend(self, client: str) -> None:
        now = time.monotonic()
        free_at = max(self._free_at.get(client, 0.0), now - BURST * SECONDS_EACH)
        wait = free_at + SECONDS_EACH - now
        if wait > 0:
            raise TooManyOfClient(ceil(wait))
        self._free_at[client] = free_at + SECONDS_EACH

    async def _make_in_turn(self, wanted: RenditionRequest) -> Rendition:
        async with self._places:
            return await asyncio.to_thread(self._make, wanted)

    def _make(self, wanted: RenditionRequest) -> Rendition:
        data, image_format = self._render(
            wanted.path.read_bytes(), width=wanted.width, format=wanted.format
        )
        return Rendition(data=data, format=image_format, digest=hashlib.sha256(data).hexdigest())

    def _keep(self, wanted: RenditionRequest, task: asyncio.Task[Rendition]) -> None:
        del self._in_the_making[wanted]
        if task.cancelled() or task.exception() is not None:
            return
        if len(task.result().data) <= self._remembered.maxsize:
            self._remembered[wanted] = task.result()
