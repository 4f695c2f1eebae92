"""Copying the images of one store into another, but only those that it does not have."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

import structlog

from gql_server.backup.errors import errors_of
from gql_server.storage.store import WITHHELD, ListedObject, Store

_AT_ONCE: Final = 16
"""Each is in memory, at most some 20 MB."""

_PREFIXES: Final = (WITHHELD, "generated/", "sources/", WITHHELD)
"""Those that are moved meanwhile, because an image is deleted or restored, are copied too."""

_AFTER_ALL: Final = "\x7f"
"""Sorts after every character of a key."""

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class CopyReport:
    """What was done with the images.

    Attributes:
        copied: Images and uploads that the target did not have.
        unchanged: Those that it had.
        removed: Those that were removed from the target, because they were deleted for good.
        kept: Those that the source has lost or that are damaged there, and that the target keeps.
        size_bytes: Total size of those that were copied or unchanged.
    """

    copied: int = 0
    unchanged: int = 0
    removed: int = 0
    kept: int = 0
    size_bytes: int = 0

    @property
    def done(self) -> int:
        """How many were looked at."""
        return self.copied + self.unchanged + self.removed + self.kept


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAt:
    """A store, and its name for people."""

    label: str
    store: Store


async def copy_images(
    source: StoreAt,
    target: StoreAt,
    *,
    sizes: Callable[[Collection[str]], Mapping[str, int]],
    removes: bool,
    on_progress: Callable[[CopyReport], None],
) -> CopyReport:
    """Copy every object of a store that the other does not have, in bounded memory.

    Objects are write-once, so equal keys and sizes are equal objects. Where the sizes differ, the
    database says which is right.

    Args:
        source: Where to copy from.
        target: Where to copy to.
        sizes: Returns the sizes that the database knows, by key.
        removes: Whether objects are removed that neither the source nor the database has.
        on_progress: Called after each page of the source.

    Raises:
        BackupError: One of the stores failed.
    """
    copying = _Copying(source, target, sizes, removes=removes)
    for number, prefix in enumerate(_PREFIXES):
        await copying.copy(prefix, on_progress, is_again=prefix in _PREFIXES[:number])
    return copying.report


class _Copying:
    def __init__(
        self,
        source: StoreAt,
        target: StoreAt,
        sizes: Callable[[Collection[str]], Mapping[str, int]],
        *,
        removes: bool,
    ) -> None:
        self._source = source
        self._target = target
        self._sizes = sizes
        self._removes = removes
        self._is_again = False
        self._slots = asyncio.Semaphore(_AT_ONCE)
        self.report = CopyReport()

    async def copy(
        self, prefix: str, on_progress: Callable[[CopyReport], None], *, is_again: bool
    ) -> None:
        """Copy the objects below a prefix; those of an earlier pass are not counted twice."""
        self._is_again = is_again
        async with aclosing(_pages(self._target, prefix)) as pages:
            existing = _Ordered(pages)
            async with aclosing(_pages(self._source, prefix)) as sources:
                async for page in sources:
                    found: dict[str, ListedObject] = {}
                    keys = {one.key for one in page}
                    async for some in existing.up_to(page[-1].key):
                        found |= {one.key: one for one in some if one.key in keys}
                        await self._judge_others([one for one in some if one.key not in keys])
                    await self._copy_page(page, found)
                    on_progress(self.report)
            async for others in existing.up_to(f"{prefix}{_AFTER_ALL}"):
                await self._judge_others(others)

    async def _copy_page(
        self, page: Sequence[ListedObject], found: dict[str, ListedObject]
    ) -> None:
        new: list[str] = []
        differing: list[tuple[ListedObject, ListedObject]] = []
        for one in page:
            other = found.get(one.key)
            if not one.is_whole:
                continue
            if other is None or not other.is_whole:
                new.append(one.key)
            elif other.size_bytes != one.size_bytes:
                differing.append((one, other))
            elif not self._is_again:
                self.report.unchanged += 1
                self.report.size_bytes += one.size_bytes
        wrong = await self._wrong(differing) if differing else ()
        copies = [self._copy(key) for key in new]
        copies += [self._copy(key, replaces=True) for key in wrong]
        for end in await asyncio.gather(*copies, return_exceptions=True):
            if end is not None:
                raise end

    async def _wrong(self, differing: Sequence[tuple[ListedObject, ListedObject]]) -> Sequence[str]:
        """Return which objects of two sizes are not right in the target."""
        known = await asyncio.to_thread(self._sizes, [one.key for one, _ in differing])
        wrong = []
        for one, other in differing:
            if known.get(one.key) == other.size_bytes:
                log.warning("backup_image_damaged", key=one.key, at=self._source.label)
                self.report.kept += not self._is_again
            else:
                wrong.append(one.key)
        return wrong

    async def _copy(self, key: str, *, replaces: bool = False) -> None:
        async with self._slots:
            with errors_of(self._source.label):
                stored = await self._source.store.get(key)
            if stored is None:  # deleted meanwhile
                return
            with errors_of(self._target.label):
                if replaces:
                    await self._target.store.delete(key)
                await self._target.store.put(key, stored)
            self.report.copied += 1
            self.report.size_bytes += len(stored.data)

    async def _judge_others(self, others: Sequence[ListedObject]) -> None:
        """Remove what the source does not have, unless the database says that it should."""
        if not self._removes or not others:
            return
        known = await asyncio.to_thread(self._sizes, [other.key for other in others])
        for other in others:
            if other.key in known:
                log.warning("backup_image_lost", key=other.key, at=self._source.label)
                self.report.kept += not self._is_again
                continue
            with errors_of(self._target.label):
                await self._target.store.delete(other.key)
            self.report.removed += 1


class _Ordered:
    """Reads the pages of a listing as far as it is needed."""

    def __init__(self, pages: AsyncGenerator[Sequence[ListedObject]]) -> None:
        self._pages = pages
        self._page: Sequence[ListedObject] = ()

    async def up_to(self, key: str) -> AsyncIterator[Sequence[ListedObject]]:
        """Yield the objects up to a key that were not yet yielded, in pages."""
        while True:
            # A tuple as the default would be lost, by an error of Python 3.11.
            self._page = self._page or await anext(self._pages, [])
            before = [one for one in self._page if one.key <= key]
            is_reached = len(before) < len(self._page) or not self._page
            self._page = self._page[len(before) :]
            if before:
                yield before
            if is_reached:
                return


async def _pages(at: StoreAt, prefix: str) -> AsyncGenerator[Sequence[ListedObject]]:
    with errors_of(at.label):
        async with aclosing(at.store.listing(prefix)) as pages:
            async for page in pages:
                yield page
