"""Resized or converted versions of images, made on demand and cached in memory."""

import asyncio
import hashlib
import time
from collections import Counter
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Final, Protocol

from cachetools import Cache, LRUCache

from gql_server.pictures.formats import ImageFormat
from gql_server.pictures.resizing import render

CACHE_BYTES: Final = 64 * 1024 * 1024
"""Maximum memory of cached renditions."""

SIDE_BY_SIDE: Final = 2
"""Concurrent renditions; each takes a core, and the memory of its decoded image."""

BURST: Final = 300
"""New renditions that a client address may request at once."""

SECONDS_EACH: Final = 0.2
"""Seconds until it may request another one."""

MAX_CLIENTS: Final = 10_000

MAX_WAITING: Final = 32


@dataclass(frozen=True, slots=True)
class RenditionRequest:
    """A rendition of certain bytes; equal ones have the same result.

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
    """A finished rendition.

    Attributes:
        data: Its bytes.
        format: Their format.
        digest: Their SHA-256, in hex.
    """

    data: bytes
    format: ImageFormat
    digest: str


class Render(Protocol):
    """Makes a rendition of an image's bytes; see ``gql_server.pictures.resizing.render``."""

    def __call__(
        self,
        data: bytes,
        *,
        width: int | None,
        format: ImageFormat | None,  # noqa: A002 - the public name of the argument
    ) -> tuple[bytes, ImageFormat]:
        """Return the rendition and its format."""


class TooManyWaiting(Exception):
    """The queue of renditions is full."""


class TooManyOfClient(Exception):
    """A client address has requested more new renditions than permitted.

    Attributes:
        retry_after: Seconds until it may request another one.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.retry_after = retry_after


class _Abandoned(Exception):
    """All clients of a queued rendition have gone."""


class Renditions:
    """Makes each rendition once for all concurrent requests, and caches the latest.

    A queued rendition whose clients have gone is dropped; one that was started is finished
    and cached. The queue is limited, and requests beyond it are refused.

    Attributes:
        hits: How often a rendition was cached.
        misses: How often it was not.
    """

    def __init__(self, *, render: Render = render, cache_bytes: int = CACHE_BYTES) -> None:
        self._render = render
        self.hits = self.misses = 0
        self._remembered: LRUCache[RenditionRequest, Rendition] = LRUCache(
            cache_bytes, getsizeof=lambda rendition: len(rendition.data)
        )
        self._forgetting: set[asyncio.Task[None]] = set()
        self._running: dict[RenditionRequest, asyncio.Task[Rendition]] = {}
        self._waiting: Counter[RenditionRequest] = Counter()
        self._places = asyncio.Semaphore(SIDE_BY_SIDE)
        self._free_at: LRUCache[str, float] = LRUCache(MAX_CLIENTS)

    @property
    def cache(self) -> Cache[RenditionRequest, Rendition]:
        """The cached renditions."""
        return self._remembered

    @property
    def waiting(self) -> int:
        """How many renditions someone waits for."""
        return len(self._waiting)

    def cached(self, request: RenditionRequest) -> Rendition | None:
        """Return a rendition that need not be made."""
        found = self._remembered.get(request)
        if found is not None:
            self.hits += 1
        return found

    async def get(self, request: RenditionRequest, *, client: str = "") -> Rendition:
        """Return a rendition, which is made now if needed. Cancel it when its client has gone.

        Args:
            request: The rendition.
            client: The client's address. Signed URLs identify no user, so that addresses instead
                of users have an allowance of new renditions.

        Raises:
            TooManyOfClient: The client has requested too many lately.
            TooManyWaiting: The queue is full; try again shortly.
            NotAPicture: The original cannot be decoded.
            OSError: The original cannot be read.
        """
        if (found := self.cached(request)) is not None:
            return found
        self.misses += 1
        task = self._running.get(request)
        if task is None:
            if len(self._running) >= MAX_WAITING:
                raise TooManyWaiting
            self._spend(client)
            task = asyncio.create_task(self._make_queued(request, client))
            self._running[request] = task
            task.add_done_callback(lambda made: self._keep(request, made))
        self._waiting[request] += 1
        try:
            return await asyncio.shield(task)
        finally:
            self._waiting[request] -= 1
            if not self._waiting[request]:
                del self._waiting[request]

    def forget_gone(self) -> None:
        """Remove cached renditions whose original is gone, in a thread."""
        if self._remembered:
            task = asyncio.create_task(self._forget_gone())
            self._forgetting.add(task)
            task.add_done_callback(self._forgetting.discard)

    async def _forget_gone(self) -> None:
        cached = list(self._remembered)
        gone = await asyncio.to_thread(lambda: [one for one in cached if not one.path.exists()])
        for one in gone:
            self._remembered.pop(one, None)

    def _spend(self, client: str) -> None:
        now = time.monotonic()
        free_at = max(self._free_at.get(client, 0.0), now - BURST * SECONDS_EACH)
        wait = free_at + SECONDS_EACH - now
        if wait > 0:
            raise TooManyOfClient(ceil(wait))
        self._free_at[client] = free_at + SECONDS_EACH

    async def _make_queued(self, request: RenditionRequest, client: str) -> Rendition:
        async with self._places:
            if request not in self._waiting:
                self._free_at[client] = self._free_at.get(client, 0.0) - SECONDS_EACH
                raise _Abandoned
            return await asyncio.to_thread(self._make, request)

    def _make(self, request: RenditionRequest) -> Rendition:
        data, image_format = self._render(
            request.path.read_bytes(), width=request.width, format=request.format
        )
        return Rendition(data=data, format=image_format, digest=hashlib.sha256(data).hexdigest())

    def _keep(self, request: RenditionRequest, task: asyncio.Task[Rendition]) -> None:
        del self._running[request]
        if task.cancelled() or task.exception() is not None:
            return
        if len(task.result().data) <= self._remembered.maxsize:
            self._remembered[request] = task.result()
