"""Writes that come together: made together, and each with its own outcome."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.engine.grouped_writes import GroupedWrites
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio


class Writer:
    """Writes numbers, as long as none is negative, and while it is let."""

    def __init__(self) -> None:
        self.groups: list[Sequence[int]] = []
        self.may_write = asyncio.Event()
        self.is_away = False

    async def write(self, numbers: Sequence[int]) -> Sequence[str]:
        self.groups.append(numbers)
        await self.may_write.wait()
        if self.is_away:
            raise DatabaseUnavailable("away")
        for number in numbers:
            if number < 0:
                raise ValueError(number)
        return [str(number) for number in numbers]


@pytest.fixture
async def file(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(URL.create("sqlite+aiosqlite", database=str(tmp_path / "test.db")))
    yield database
    await database.close()


async def test_what_comes_during_a_write_is_written_together_next(file: Database) -> None:
    writer = Writer()
    writes = GroupedWrites(file, writer.write, limit=3)
    first = asyncio.create_task(writes.write(0))
    while not writer.groups:
        await asyncio.sleep(0)
    following = asyncio.gather(*(writes.write(number) for number in range(1, 6)))
    writer.may_write.set()
    assert [await first, *await following] == ["0", "1", "2", "3", "4", "5"]
    assert writer.groups == [[0], [1, 2, 3], [4, 5]]


async def test_one_that_must_fail_takes_no_other_with_it(file: Database) -> None:
    writer = Writer()
    writer.may_write.set()
    writes = GroupedWrites(file, writer.write)
    calls = (writes.write(number) for number in (1, -2, 3))
    one, two, three = await asyncio.gather(*calls, return_exceptions=True)
    assert (one, three) == ("1", "3")
    assert isinstance(two, ValueError)
    assert writer.groups == [[1, -2, 3], [1], [-2], [3]]


async def test_where_the_database_is_away_each_is_reported_and_none_tried_again(
    file: Database,
) -> None:
    writer = Writer()
    writer.may_write.set()
    writer.is_away = True
    writes = GroupedWrites(file, writer.write)
    found = await asyncio.gather(*map(writes.write, (1, 2)), return_exceptions=True)
    assert [type(error) for error in found] == [DatabaseUnavailable, DatabaseUnavailable]
    assert len(writer.groups) == 1


async def test_what_may_wait_is_written_with_what_may_not(file: Database) -> None:
    writer = Writer()
    writer.may_write.set()
    writes = GroupedWrites(file, writer.write, batch_window_seconds=60)
    waiting = asyncio.create_task(writes.write(1, may_wait=True))
    await asyncio.sleep(0.05)  # it must wait for longer than this
    assert writer.groups == []
    await asyncio.wait_for(asyncio.gather(waiting, writes.write(2)), WAIT_SECONDS)
    assert writer.groups == [[1, 2]]


async def test_what_may_wait_does_not_wait_forever(file: Database) -> None:
    writer = Writer()
    writer.may_write.set()
    writes = GroupedWrites(file, writer.write, batch_window_seconds=0.05)
    assert await asyncio.wait_for(writes.write(1, may_wait=True), WAIT_SECONDS) == "1"


async def test_what_is_given_up_before_its_turn_is_not_written(file: Database) -> None:
    writer = Writer()
    writes = GroupedWrites(file, writer.write)
    first = asyncio.create_task(writes.write(1))
    while not writer.groups:
        await asyncio.sleep(0)
    second, third = (asyncio.create_task(writes.write(number)) for number in (2, 3))
    await asyncio.sleep(0)
    first.cancel()
    second.cancel()
    writer.may_write.set()
    assert await third == "3"
    assert writer.groups == [[1], [3]]


async def test_the_database_closes_once_what_was_started_is_written(file: Database) -> None:
    writer = Writer()
    writing = asyncio.create_task(GroupedWrites(file, writer.write).write(1))
    while not writer.groups:
        await asyncio.sleep(0)
    writing.cancel()
    closing = asyncio.create_task(file.close())
    await asyncio.sleep(0.01)
    assert not closing.done()
    writer.may_write.set()
    await asyncio.wait_for(closing, WAIT_SECONDS)
