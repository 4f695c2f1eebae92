from dataclasses import dataclass, field, replace

import pytest

from gql_server.domain.errors import GenerationFailed
from gql_server.inference.attempts import AttemptKind
from tests.servers.workers_ai_app import WorkersAIStandin
from tests.servers.workers_ai_behaviours import (
    daily_allocation_used,
    error,
    out_of_capacity,
    server_error_page,
)
from tests.servers.workers_ai_client import FLUX, client_of, png, request_for

pytestmark = pytest.mark.anyio

IMG2IMG = "@cf/runwayml/stable-diffusion-v1-5-img2img"


@dataclass
class RecordingGate:
    """Lets attempts through, and notes what they asked; ``closed`` refuses them."""

    standin: WorkersAIStandin
    turns: list[tuple[AttemptKind, bool, int]] = field(default_factory=list)
    pauses: list[tuple[AttemptKind, float]] = field(default_factory=list)
    is_closed: bool = False

    async def wait_for_turn(self, kind: AttemptKind, *, is_background: bool) -> None:
        if self.is_closed:
            raise GenerationFailed("no turn", retryable=True, reached_model=False)
        self.turns.append((kind, is_background, len(self.standin.requests)))

    async def pause(self, kind: AttemptKind, seconds: float) -> None:
        self.pauses.append((kind, seconds))


async def test_every_attempt_asks_for_its_turn_before_it_starts(standin: WorkersAIStandin) -> None:
    gate = RecordingGate(standin)
    standin.next(server_error_page(), out_of_capacity())
    async with client_of(standin, gate=gate) as client:
        await client.generate(replace(request_for(FLUX), is_background=True))
        await client.generate(request_for(IMG2IMG, source_images=(png(),)))
    assert gate.turns == [
        (AttemptKind.TEXT_TO_IMAGE, True, 0),
        (AttemptKind.TEXT_TO_IMAGE, True, 1),
        (AttemptKind.TEXT_TO_IMAGE, True, 2),
        (AttemptKind.IMAGE_TO_IMAGE, False, 3),
    ]
    assert gate.pauses == []


async def test_a_pause_that_the_service_asks_for_is_told_to_all(standin: WorkersAIStandin) -> None:
    gate = RecordingGate(standin)
    standin.next(out_of_capacity(retry_after=7), error(None, 503, retry_after=8))
    async with client_of(standin, gate=gate) as client:
        await client.generate(request_for(FLUX))
    assert gate.pauses == [(AttemptKind.TEXT_TO_IMAGE, 7.0)]


async def test_a_day_that_is_used_up_is_no_pause(standin: WorkersAIStandin) -> None:
    gate = RecordingGate(standin)
    standin.next(daily_allocation_used())
    async with client_of(standin, gate=gate) as client:
        with pytest.raises(Exception, match="neurons of the day"):
            await client.generate(request_for(FLUX))
    assert gate.pauses == []


async def test_without_a_turn_nothing_is_sent(standin: WorkersAIStandin) -> None:
    async with client_of(standin, gate=RecordingGate(standin, is_closed=True)) as client:
        with pytest.raises(GenerationFailed, match="no turn"):
            await client.generate(request_for(FLUX))
    assert standin.requests == []
