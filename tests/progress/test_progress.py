import asyncio
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pytest

from gql_server.progress import hub
from gql_server.progress.progress import Progress
from gql_server.progress.snapshots import Snapshot, Update
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio


class Work:
    """Numbered items that finish one by one, as a table would hold them."""

    def __init__(self, progress: Progress, total: int, page: int = 500) -> None:
        self.progress = progress
        self.total = total
        self.page = page
        self.finished = 0
        self.reads: list[int] = []
        self.failures: list[Exception] = []

    def finish(self, count: int = 1) -> None:
        self.finished += count
        self.progress.publish("work")

    async def read(self, after: int) -> Snapshot[int, int, str]:
        self.reads.append(after)
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)
        last = min(self.finished, after + self.page) if after < self.finished else self.finished
        return Snapshot(
            last,
            self.finished,
            [(number, f"item {number}") for number in range(after + 1, last + 1)],
            has_more=last < self.finished,
            is_finished=self.finished == self.total,
        )

    async def watch(self, after: int = 0, pause: float = 0.0) -> Sequence[Update[int, int, str]]:
        updates = []
        with closing(self.progress.open("work", self.read, after=after)) as watch:
            async for update in watch.updates(after):
                updates.append(update)
                await asyncio.sleep(pause)
        return updates


def items(updates: Sequence[Update[Any, Any, str]]) -> list[str]:
    return [item for update in updates for item in update.items]


def expected(after: int, total: int) -> list[str]:
    return [f"item {number}" for number in range(after + 1, total + 1)]


async def until(condition: Any) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_thousand_watchers_get_every_item_once_and_share_the_reads() -> None:
    progress = Progress()
    work = Work(progress, total=300)
    watching = [asyncio.create_task(work.watch()) for _ in range(1000)]
    began = time.process_time()
    while work.finished < work.total:
        work.finish(10)
        await asyncio.sleep(0.02)
    for updates in await asyncio.gather(*watching):
        assert items(updates) == expected(0, 300)
        assert updates[-1].state == 300
    assert time.process_time() - began < 3
    assert len(work.reads) < 30
    assert progress.topics == progress.watchers == 0


async def test_a_burst_is_merged_to_ten_updates_a_second() -> None:
    work = Work(Progress(), total=200)
    watching = asyncio.create_task(work.watch())
    began = time.monotonic()
    for _ in range(200):
        work.finish()
        await asyncio.sleep(0.002)
    updates = await watching
    seconds = time.monotonic() - began
    assert items(updates) == expected(0, 200)
    assert len(updates) <= 10 * seconds + 2


async def test_nothing_is_read_while_every_watcher_is_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub, "INTERVAL_SECONDS", 0.0)
    work = Work(Progress(), total=50)
    with closing(work.progress.open("work", work.read, after=0)) as watch:
        updates = watch.updates(0)
        received = [await anext(updates)]
        for _ in range(50):
            work.finish()
            for _ in range(10):
                await asyncio.sleep(0)
        assert len(work.reads) <= 2
        received += [update async for update in updates]
    assert items(received) == expected(0, 50)
    assert len(received) <= 3


async def test_the_first_update_reports_the_present_state_at_once() -> None:
    progress = Progress()
    work = Work(progress, total=10)
    with closing(progress.open("work", work.read, after=0)) as watch:
        update = await anext(watch.updates(0))
    assert (update.position, update.state, list(update.items)) == (0, 0, [])


async def test_one_who_comes_back_gets_what_came_later() -> None:
    work = Work(Progress(), total=20)
    work.finish(20)
    assert items(await work.watch(after=12)) == expected(12, 20)
    assert items(await work.watch(after=20)) == []


async def test_slow_ones_and_late_ones_miss_nothing_though_the_hub_has_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(hub, "MAX_ITEMS", 20)
    work = Work(Progress(), total=200, page=50)
    slow = asyncio.create_task(work.watch(pause=0.25))
    quick = asyncio.create_task(work.watch())
    while work.finished < 150:
        work.finish(10)
        await asyncio.sleep(0.02)
    late = [asyncio.create_task(work.watch(after=5)) for _ in range(50)]
    reads = len(work.reads)
    await until(lambda: 5 in work.reads[reads:])
    work.finish(50)
    for watching, after in ((slow, 0), (quick, 0), *((one, 5) for one in late)):
        assert items(await watching) == expected(after, 200)
    assert work.reads.count(5) <= 2


async def test_a_position_from_the_future_holds_up_no_one() -> None:
    work = Work(Progress(), total=10)
    astray = asyncio.create_task(work.watch(after=1_000_000))
    await until(lambda: work.reads)
    watching = asyncio.create_task(work.watch())
    work.finish(10)
    assert items(await watching) == expected(0, 10)
    assert items(await astray) == []


async def test_an_error_that_passes_is_waited_out() -> None:
    work = Work(Progress(transient_errors=(ConnectionError,)), total=5)
    work.failures = [ConnectionError(), ConnectionError()]
    work.finish(5)
    assert items(await work.watch()) == expected(0, 5)


async def test_a_permanent_error_ends_all_watching_and_the_next_starts_again() -> None:
    progress = Progress(transient_errors=(ConnectionError,))
    work = Work(progress, total=5)
    watching = [asyncio.create_task(work.watch()) for _ in range(3)]
    await until(lambda: work.reads)
    work.failures = [LookupError("gone")]
    work.finish(5)
    for result in await asyncio.gather(*watching, return_exceptions=True):
        assert isinstance(result, LookupError)
    assert progress.topics == 0
    assert items(await work.watch()) == expected(0, 5)


async def test_those_who_break_off_leave_nothing_behind() -> None:
    progress = Progress()
    work = Work(progress, total=10)
    before = asyncio.all_tasks()
    staying = asyncio.create_task(work.watch())
    with closing(progress.open("work", work.read, after=0)) as watch:
        await anext(watch.updates(0))
        assert progress.watchers == 2
    assert progress.watchers == 1
    staying.cancel()
    await asyncio.wait([staying])
    await asyncio.sleep(0)
    assert (progress.watchers, progress.topics) == (0, 0)
    assert asyncio.all_tasks() == before


async def test_unannounced_news_is_found() -> None:
    work = Work(Progress(look_again_seconds=0.05), total=3)
    watching = asyncio.create_task(work.watch())
    await until(lambda: work.reads)
    work.finished = 3
    assert items(await watching) == expected(0, 3)


async def test_reads_of_another_key_are_not_shared() -> None:
    progress = Progress()
    work = Work(progress, total=4)
    other = Work(progress, total=2)
    work.finish(4)
    other.finish(2)

    async def watch_other() -> list[str]:
        with closing(progress.open("work", other.read, after=0, key="other")) as watch:
            return items([update async for update in watch.updates(0)])

    for found in await asyncio.gather(watch_other(), watch_other()):
        assert found == expected(0, 2)
    assert items(await work.watch()) == expected(0, 4)
