import asyncio
import time

import pytest
from sqlalchemy.engine import URL

from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.domain.errors import GenerationFailed
from gql_server.domain.rate_limits import RateLimit
from gql_server.inference.attempts import AttemptKind
from gql_server.processes import provider_rate_limit
from gql_server.processes.provider_rate_limit import SharedRateLimiter

pytestmark = pytest.mark.anyio

KIND = AttemptKind.TEXT_TO_IMAGE


def limiter(database: Database, per_minute: int, *, max_wait: float = 30.0) -> SharedRateLimiter:
    return SharedRateLimiter(database, {KIND: RateLimit(per_minute)}, max_wait_seconds=max_wait)


async def test_those_that_wait_get_their_turns_in_the_order_they_came(database: Database) -> None:
    ours = limiter(database, 600)  # 60 at once, and then one each 0.12 s
    await asyncio.gather(*(ours.acquire(KIND, is_background=False) for _ in range(60)))
    order: list[int] = []

    async def attempt(number: int) -> None:
        await ours.acquire(KIND, is_background=False)
        order.append(number)

    began = time.monotonic()
    await asyncio.gather(*(attempt(number) for number in range(4)))
    assert order == list(range(4))
    assert time.monotonic() - began < 20


async def test_who_would_wait_too_long_is_reported_at_once(database: Database) -> None:
    ours = limiter(database, 2)
    await ours.acquire(KIND, is_background=False)
    began = time.monotonic()
    with pytest.raises(GenerationFailed) as caught:
        await ours.acquire(KIND, is_background=False)
    assert time.monotonic() - began < 20
    assert caught.value.retryable
    assert not caught.value.reached_model


async def test_who_stands_behind_too_many_is_reported_without_waiting_for_them(
    database: Database,
) -> None:
    ours = limiter(database, 120, max_wait=0.7)  # 12 at once, and then one each 0.57 s
    ends = await asyncio.gather(
        *(ours.acquire(KIND, is_background=False) for _ in range(100)),
        return_exceptions=True,
    )
    assert 12 <= ends.count(None) <= 14
    assert {type(end) for end in ends if end is not None} == {GenerationFailed}


async def test_direct_attempts_do_not_wait_for_the_background(database: Database) -> None:
    ours, theirs = limiter(database, 240), limiter(database, 240)
    waiting = [
        asyncio.create_task(one.acquire(KIND, is_background=True))
        for one in (ours, theirs)
        for _ in range(20)
    ]
    try:
        while not any(task.done() for task in waiting):
            await asyncio.sleep(0.01)
        for _ in range(15):
            await ours.acquire(KIND, is_background=False)
        assert sum(task.done() for task in waiting) < 20
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_background_attempts_wait_for_as_long_as_it_takes(database: Database) -> None:
    ours = limiter(database, 10, max_wait=0.1)
    await ours.pause(KIND, 0.5)
    waiting = asyncio.create_task(ours.acquire(KIND, is_background=True))
    with pytest.raises(GenerationFailed):
        await ours.acquire(KIND, is_background=False)
    await waiting


async def test_a_pause_that_one_process_is_given_holds_for_all(database: Database) -> None:
    ours, theirs = limiter(database, 720), limiter(database, 720)
    await ours.acquire(KIND, is_background=False)
    began = time.monotonic()
    await theirs.pause(KIND, 0.3)
    await ours.acquire(KIND, is_background=False)
    assert time.monotonic() - began >= 0.3


async def test_a_turn_that_is_learnt_of_too_late_is_not_used(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    await limiter(database, 3000).acquire(KIND, is_background=False)
    monkeypatch.setattr(provider_rate_limit, "MAX_LATENESS", 0)
    with pytest.raises(GenerationFailed):
        await limiter(database, 3000, max_wait=0.2).acquire(KIND, is_background=False)


async def test_without_its_database_nothing_is_let_through() -> None:
    nowhere = Database(URL.create("postgresql+psycopg", host="127.0.0.1", port=9, database="x"))
    try:
        ours = limiter(nowhere, 720)
        with pytest.raises(DatabaseUnavailable):
            await ours.acquire(KIND, is_background=True)
        await ours.pause(KIND, 1)
    finally:
        await nowhere.close()
