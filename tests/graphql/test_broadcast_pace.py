"""Telling subscribers leaves the loop to others: in slices, and for a share of its time."""

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence

import pytest
from strawberry.types import ExecutionResult

from gql_server.graphql.broadcasts.broadcast import Broadcast, Seat
from gql_server.graphql.broadcasts.pace import Measured, Pace
from gql_server.graphql.broadcasts.payloads import Payload
from gql_server.progress.snapshots import Update

pytestmark = pytest.mark.anyio

News = Update[int, None, int]


class OneUpdate:
    """A feed with one update, which never ends."""

    after = 0
    key = "one"

    async def updates(self, after: int) -> AsyncGenerator[News, None]:
        yield Update(after + 1, None, [1])
        await asyncio.Event().wait()

    async def missed(self, after: int, until: int, state: None) -> News:
        raise AssertionError((after, until, state))

    def look(self) -> None:
        raise AssertionError

    def close(self) -> None:
        raise AssertionError


async def _execute(news: News) -> Sequence[Payload]:
    return [Payload(b"{}", position=news.position)]


def _fail(error: Exception) -> ExecutionResult:
    raise error


async def test_others_have_their_turns_while_subscribers_are_served() -> None:
    sent, turns = 0, 0

    def offer(_: Payload) -> bool:
        nonlocal sent
        until = time.perf_counter() + 0.0005
        while time.perf_counter() < until:
            pass
        sent += 1
        return True

    broadcast = Broadcast(OneUpdate(), _execute, _fail, Pace())
    for _ in range(200):
        broadcast.take_seat(Seat(lambda _: True, offer))
    async with asyncio.timeout(15):
        while sent < 200:
            before = sent
            await asyncio.sleep(0)
            turns += 0 < sent < 200
            assert sent - before <= 8
    assert turns >= 20
    broadcast.close()


async def test_three_times_as_long_is_left_to_others() -> None:
    pace = Pace()
    await pace.turn(0.0)
    pace.count(0.05)
    began = time.monotonic()
    await pace.turn(0.0)
    assert time.monotonic() - began >= 0.19


async def test_waiting_is_not_counted_and_errors_come_through() -> None:
    async def waits() -> None:
        await asyncio.sleep(0.3)
        raise LookupError

    measured = Measured(waits())
    with pytest.raises(LookupError):
        await measured
    assert measured.seconds < 0.2
    endless = Measured(asyncio.Event().wait())

    async def wait() -> None:
        await endless

    task = asyncio.create_task(wait())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
