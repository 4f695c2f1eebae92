import asyncio
import socket
import threading
from dataclasses import replace
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gql_server.domain.errors import GenerationFailed
from gql_server.inference.workers_ai.backoff import Backoff
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import (
    Behaviour,
    Exchange,
    drip,
    failure,
    out_of_capacity,
    replies,
    server_error_page,
    slow,
)
from tests.support.workers_ai_client import FLUX, SkippedWaits, request_for, workers_ai_client

pytestmark = pytest.mark.anyio


async def test_there_are_no_more_attempts_than_were_set(fake_workers_ai: FakeWorkersAI) -> None:
    fake_workers_ai.always = out_of_capacity()
    waits = SkippedWaits()
    with capture_logs() as logs:
        async with workers_ai_client(fake_workers_ai, max_attempts=3, waits=waits) as client:
            with pytest.raises(GenerationFailed):
                await client.generate(request_for(FLUX))
    assert len(fake_workers_ai.requests) == 3
    ours = [log for log in logs if log["event"].startswith("workers_ai")]
    assert [(log["event"], log["attempt"], log["code"]) for log in ours] == [
        ("workers_ai_retry", 1, 3040),
        ("workers_ai_retry", 2, 3040),
        ("workers_ai_gave_up", 3, 3040),
    ]


async def test_a_wait_in_seconds_that_the_service_requests_is_kept(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    fake_workers_ai.next(out_of_capacity(retry_after=7))
    waits = SkippedWaits()
    async with workers_ai_client(fake_workers_ai, waits=waits) as client:
        await client.generate(request_for(FLUX))
    [wait] = waits.noted
    assert wait is not None
    assert 7 <= wait < 9


async def test_a_wait_until_a_moment_is_taken_against_the_services_own_clock(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    headers = {
        "Retry-After": "Sat, 03 Jan 2026 10:00:30 GMT",
        "Date": "Sat, 03 Jan 2026 10:00:00 GMT",
    }
    fake_workers_ai.next(replies(replace(failure(3040, 429), headers=headers)))
    waits = SkippedWaits()
    async with workers_ai_client(fake_workers_ai, waits=waits) as client:
        await client.generate(request_for(FLUX))
    [wait] = waits.noted
    assert wait is not None
    assert 30 <= wait < 32


async def test_a_wait_that_is_too_long_is_given_up_at_once_as_a_transient_error(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    fake_workers_ai.next(out_of_capacity(retry_after=61))
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(GenerationFailed) as caught:
            await client.generate(request_for(FLUX))
    assert caught.value.retryable
    assert len(fake_workers_ai.requests) == 1


@pytest.mark.parametrize("header", ["soon", "", "-5", "1.5", "Wed, 99 Foo 2026"])
async def test_a_wait_that_cannot_be_read_is_as_if_it_were_not_there(
    fake_workers_ai: FakeWorkersAI, header: str
) -> None:
    fake_workers_ai.next(out_of_capacity(retry_after=header))
    waits = SkippedWaits()
    async with workers_ai_client(fake_workers_ai, waits=waits) as client:
        await client.generate(request_for(FLUX))
    assert waits.noted[0] is not None
    assert waits.noted[0] <= 0.5


@given(attempt=st.integers(1, 1000), retry_after=st.none() | st.floats(0, 60))
def test_waits_grow_with_jitter_to_a_bound_and_are_never_shorter_than_requested(
    attempt: int, retry_after: float | None
) -> None:
    backoff = Backoff(first_seconds=0.5, max_seconds=20, max_retry_after_seconds=60)
    wait = backoff(attempt, retry_after)
    assert wait is not None
    plain = min(0.5 * 2 ** min(attempt - 1, 10), 20)
    assert wait >= max(plain / 2 if retry_after is None else 0, retry_after or 0)
    assert wait <= plain + (retry_after or 0)


def test_no_two_waits_are_alike() -> None:
    backoff = Backoff()
    assert len({backoff(3, None) for _ in range(50)}) > 40
    assert len({backoff(3, 10.0) for _ in range(50)}) > 40


@pytest.mark.parametrize("behaviour", [slow(300), drip(0.05)], ids=["slow", "slow-drip"])
async def test_an_attempt_is_over_when_its_time_is_however_it_is_spent(
    fake_workers_ai: FakeWorkersAI, behaviour: Behaviour
) -> None:
    fake_workers_ai.next(behaviour)
    started = perf_counter()
    async with workers_ai_client(fake_workers_ai, timeout_seconds=0.5, max_attempts=1) as client:
        with pytest.raises(GenerationFailed) as caught:
            await client.generate(request_for(FLUX))
    assert caught.value.retryable
    assert perf_counter() - started < 20


async def test_seconds_are_those_of_the_attempt_that_succeeded(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    async def slow_failure(exchange: Exchange) -> None:
        await asyncio.sleep(0.5)
        await server_error_page()(exchange)

    fake_workers_ai.next(slow_failure, slow(0.1))
    async with workers_ai_client(fake_workers_ai) as client:
        started = perf_counter()
        picture = await client.generate(request_for(FLUX))
        both = perf_counter() - started
    assert 0.1 <= picture.seconds <= both - 0.5


async def test_a_refused_connection_is_tried_again_and_may_pass(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    waits = SkippedWaits()
    async with workers_ai_client(
        fake_workers_ai, base_url=f"http://127.0.0.1:{port}", waits=waits
    ) as client:
        with pytest.raises(GenerationFailed) as caught:
            await client.generate(request_for(FLUX))
    assert caught.value.retryable
    assert len(waits.noted) == 4


async def test_a_cancelled_generation_lets_go_of_its_connection(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    together, arrived = asyncio.Barrier(4), threading.Event()

    async def hold(exchange: Exchange) -> None:
        await together.wait()
        arrived.set()
        await slow(30)(exchange)

    fake_workers_ai.next(hold, hold, hold, hold)
    async with workers_ai_client(fake_workers_ai, max_connections=4) as client:
        tasks = [asyncio.create_task(client.generate(request_for(FLUX))) for _ in range(4)]
        assert await asyncio.to_thread(arrived.wait, 20)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(client.generate(request_for(FLUX)) for _ in range(4)))
    assert all(task.cancelled() for task in tasks)


def only_together(fake_workers_ai: FakeWorkersAI, number: int) -> None:
    together = asyncio.Barrier(number)

    async def behave(exchange: Exchange) -> None:
        await together.wait()
        await exchange.answer(exchange.reply_with_picture())

    fake_workers_ai.always = behave


async def test_a_hundred_images_are_made_side_by_side(fake_workers_ai: FakeWorkersAI) -> None:
    only_together(fake_workers_ai, 100)
    async with workers_ai_client(fake_workers_ai, max_attempts=1) as client:
        pictures = await asyncio.gather(*(client.generate(request_for(FLUX)) for _ in range(100)))
    assert fake_workers_ai.peak_in_flight == 100
    assert len({picture.data for picture in pictures}) == 100


async def test_more_than_the_connections_wait_for_their_turn(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    only_together(fake_workers_ai, 8)
    async with workers_ai_client(fake_workers_ai, max_connections=8, max_attempts=1) as client:
        await asyncio.gather(*(client.generate(request_for(FLUX)) for _ in range(32)))
    assert fake_workers_ai.peak_in_flight == 8
    assert len({request.connection for request in fake_workers_ai.requests}) == 8
