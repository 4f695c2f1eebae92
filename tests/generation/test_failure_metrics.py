"""How models do: which ends of a generation count, and as what."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.domain.errors import GenerationFailed
from gql_server.domain.parameters import Parameters
from gql_server.generation.failure_metrics import CountingGenerator
from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.generator import GeneratedPicture, GenerationRequest, RemoteImage
from tests.database.rows import counted_statements
from tests.support.running_app import FLUX, SDXL, RunningApp, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import (
    daily_allocation_used,
    error,
    html_page,
    out_of_capacity,
    prompt_refused,
    slow,
)

pytestmark = pytest.mark.anyio

PERFORMANCE = """
fragment P on ModelPerformance { images failures refusals successRate medianSeconds p95Seconds }
query($since: DateTime) {
  models { id performance(since: $since) { ...P } usual: performance { ...P since } }
}
"""


async def performance(app: RunningApp, since: str = "2026-01-01T00:00:00Z") -> dict[str, Any]:
    data = await app.ask(PERFORMANCE, since=since)
    return {model["id"]: model for model in data["models"]}


async def test_what_a_model_failed_at_is_counted_once_and_apart_from_refusals(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    impatient = {"workers_ai_max_attempts": 1, "workers_ai_timeout": 0.3}
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai) | impatient) as app:
        fake_workers_ai.latency = 0.05
        for _ in range(3):
            await app.image()
        failures = (out_of_capacity(), html_page(), error(5004, 400), error(3023, 403), slow(9))
        for behaviour in (*failures, prompt_refused(), daily_allocation_used()):
            fake_workers_ai.next(behaviour)
            assert (await app.generate())["image"] is None
        assert (await app.generate(prompt=""))["userErrors"]  # refused by this server itself
        with counted_statements(app.services.database) as statements:
            found = await performance(app)
        read = [statement for statement in statements if "model_rollups" in statement]
        assert len(read) == 2  # one for each of the two windows
        assert found.keys() == {model.id for model in load_catalogue().models}
        flux = found[FLUX]["performance"]
        assert {name: flux[name] for name in ("images", "failures", "refusals", "successRate")} == {
            "images": 3,
            "failures": 5,
            "refusals": 1,
            "successRate": 3 / 8,
        }
        assert 0.04 < flux["medianSeconds"] <= flux["p95Seconds"] < 0.31
        assert found[FLUX]["usual"] == flux | {"since": found[SDXL]["usual"]["since"]}
        assert found[SDXL]["performance"] == {
            "images": 0,
            "failures": 0,
            "refusals": 0,
            "successRate": None,
            "medianSeconds": None,
            "p95Seconds": None,
        }
        assert (await performance(app, "2100-01-01T00:00:00Z"))[FLUX]["performance"] == flux


async def test_a_retried_call_is_one_generation(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    attempts = {"workers_ai_max_attempts": 2}
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai) | attempts) as app:
        fake_workers_ai.next(out_of_capacity(retry_after=0))
        await app.image()
        fake_workers_ai.next(out_of_capacity(retry_after=0), out_of_capacity(retry_after=0))
        assert (await app.generate())["image"] is None
        flux = (await performance(app))[FLUX]["performance"]
        assert len(fake_workers_ai.requests) == 4
        assert (flux["images"], flux["failures"]) == (1, 1)


class Failing:
    is_preview = False

    async def generate(self, request: GenerationRequest) -> GeneratedPicture:
        raise GenerationFailed(f"{request.model.name} failed", retryable=True)

    async def fetch(self, image: RemoteImage) -> GeneratedPicture:
        raise AssertionError(f"{image.url} is not fetched")

    async def close(self) -> None:
        raise AssertionError("not called")


async def refuse() -> None:
    raise DatabaseUnavailable("down")


async def hang() -> None:
    await asyncio.Event().wait()


class UnusableDatabase:
    def __init__(self, error: Callable[[], Awaitable[None]]) -> None:
        self._error = error

    @asynccontextmanager
    async def write(self) -> AsyncIterator[None]:
        await self._error()
        yield


@pytest.mark.parametrize("error", [refuse, hang])
async def test_a_failure_is_reported_also_where_it_cannot_be_counted(
    monkeypatch: pytest.MonkeyPatch, error: Callable[[], Awaitable[None]]
) -> None:
    database: Any = UnusableDatabase(error)
    monkeypatch.setattr("gql_server.ledger.reports.performance._MAX_WAIT_SECONDS", 0.05)
    model = load_catalogue().models[0]
    request = GenerationRequest(model=model, prompt="A red fox", parameters=Parameters())
    with capture_logs() as logs, pytest.raises(GenerationFailed, match=f"{model.name} failed"):
        await CountingGenerator(Failing(), database).generate(request)
    assert [entry["event"] for entry in logs] == ["failure_not_counted"]
