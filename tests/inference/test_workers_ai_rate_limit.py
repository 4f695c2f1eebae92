import asyncio
import time
from dataclasses import dataclass, field, replace

import pytest

from gql_server.domain.errors import GenerationFailed
from gql_server.inference import attempts
from gql_server.inference.attempts import AttemptKind, NoLongerNeeded
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import (
    daily_allocation_used,
    error,
    out_of_capacity,
    server_error_page,
)
from tests.support.workers_ai_client import FLUX, png, request_for, workers_ai_client

pytestmark = pytest.mark.anyio

IMG2IMG = "@cf/runwayml/stable-diffusion-v1-5-img2img"


@dataclass
class RecordingLimiter:
    """Lets attempts through, and notes what they asked; ``closed`` refuses them."""

    fake_workers_ai: FakeWorkersAI
    turns: list[tuple[AttemptKind, bool, int]] = field(default_factory=list)
    pauses: list[tuple[AttemptKind, float]] = field(default_factory=list)
    is_closed: bool = False
    seconds: float = 0.0

    async def acquire(self, kind: AttemptKind, *, is_background: bool) -> None:
        if self.is_closed:
            raise GenerationFailed("no turn", retryable=True, reached_model=False)
        await asyncio.sleep(self.seconds)
        self.turns.append((kind, is_background, len(self.fake_workers_ai.requests)))

    async def pause(self, kind: AttemptKind, seconds: float) -> None:
        self.pauses.append((kind, seconds))


async def test_every_attempt_asks_for_its_turn_before_it_starts(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    limiter = RecordingLimiter(fake_workers_ai)
    fake_workers_ai.next(server_error_page(), out_of_capacity())
    async with workers_ai_client(fake_workers_ai, limiter=limiter) as client:
        await client.generate(replace(request_for(FLUX), is_background=True))
        await client.generate(request_for(IMG2IMG, source_images=(png(),)))
    assert limiter.turns == [
        (AttemptKind.TEXT_TO_IMAGE, True, 0),
        (AttemptKind.TEXT_TO_IMAGE, True, 1),
        (AttemptKind.TEXT_TO_IMAGE, True, 2),
        (AttemptKind.IMAGE_TO_IMAGE, False, 3),
    ]
    assert limiter.pauses == []


async def test_a_pause_that_the_service_requests_holds_for_all(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    limiter = RecordingLimiter(fake_workers_ai)
    fake_workers_ai.next(out_of_capacity(retry_after=7), error(None, 503, retry_after=8))
    async with workers_ai_client(fake_workers_ai, limiter=limiter) as client:
        await client.generate(request_for(FLUX))
    assert limiter.pauses == [(AttemptKind.TEXT_TO_IMAGE, 7.0)]


async def test_a_day_that_is_used_up_is_no_pause(fake_workers_ai: FakeWorkersAI) -> None:
    limiter = RecordingLimiter(fake_workers_ai)
    fake_workers_ai.next(daily_allocation_used())
    async with workers_ai_client(fake_workers_ai, limiter=limiter) as client:
        with pytest.raises(Exception, match="neurons for the day"):
            await client.generate(request_for(FLUX))
    assert limiter.pauses == []


async def test_without_a_turn_nothing_is_sent(fake_workers_ai: FakeWorkersAI) -> None:
    async with workers_ai_client(
        fake_workers_ai, limiter=RecordingLimiter(fake_workers_ai, is_closed=True)
    ) as client:
        with pytest.raises(GenerationFailed, match="no turn"):
            await client.generate(request_for(FLUX))
    assert fake_workers_ai.requests == []


@dataclass
class Interest:
    """Says so many times that a picture is wanted, and then that it is not."""

    times: int
    permits: int = 0

    async def is_needed(self) -> bool:
        self.permits += 1
        return self.permits <= self.times


async def test_what_starts_at_once_is_not_checked(
    fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "_MOMENT_SECONDS", 10.0)
    interest = Interest(times=0)
    async with workers_ai_client(
        fake_workers_ai, limiter=RecordingLimiter(fake_workers_ai)
    ) as client:
        await client.generate(replace(request_for(FLUX), is_needed=interest.is_needed))
    assert interest.permits == 0


@pytest.mark.parametrize("times", [0, 3])
async def test_a_wait_for_a_turn_ends_where_no_one_needs_the_image(
    fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr(attempts, "_LOOK_SECONDS", 0.02)
    limiter, interest = RecordingLimiter(fake_workers_ai, seconds=30), Interest(times)
    async with workers_ai_client(fake_workers_ai, limiter=limiter) as client:
        with pytest.raises(NoLongerNeeded):
            await client.generate(replace(request_for(FLUX), is_needed=interest.is_needed))
    assert interest.permits == times + 1
    assert limiter.turns == []
    assert fake_workers_ai.requests == []


async def test_a_turn_that_came_too_late_for_an_image_is_not_used(
    fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "_MOMENT_SECONDS", 0.05)
    limiter, interest = RecordingLimiter(fake_workers_ai, seconds=0.1), Interest(times=0)
    async with workers_ai_client(fake_workers_ai, limiter=limiter) as client:
        with pytest.raises(NoLongerNeeded):
            await client.generate(replace(request_for(FLUX), is_needed=interest.is_needed))
    assert (len(limiter.turns), fake_workers_ai.requests) == (1, [])


async def test_a_turn_that_came_before_its_process_froze_is_not_used(
    fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "_MOMENT_SECONDS", 0.05)
    limiter, interest = RecordingLimiter(fake_workers_ai), Interest(times=0)

    async def freeze(*_given: object, **_named: object) -> None:
        time.sleep(0.1)  # noqa: ASYNC251 - the whole process stands still

    monkeypatch.setattr(limiter, "acquire", freeze)
    async with workers_ai_client(fake_workers_ai, limiter=limiter) as client:
        with pytest.raises(NoLongerNeeded):
            await client.generate(replace(request_for(FLUX), is_needed=interest.is_needed))
    assert fake_workers_ai.requests == []


async def test_a_turn_that_a_busy_process_let_pass_is_taken_again(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    limiter = RecordingLimiter(fake_workers_ai, seconds=attempts._MOMENT_SECONDS + 0.05)
    permits = 0

    async def is_needed() -> bool:
        nonlocal permits
        permits += 1
        if permits == 1:
            time.sleep(1.1)  # noqa: ASYNC251 - as other work on the event loop does
        return True

    async with workers_ai_client(fake_workers_ai, limiter=limiter) as client:
        request = replace(request_for(FLUX), is_background=True, is_needed=is_needed)
        await client.generate(request)
    assert (len(limiter.turns), len(fake_workers_ai.requests)) == (2, 1)
