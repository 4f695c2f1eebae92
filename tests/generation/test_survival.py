"""A generation outlives its request: the client's going away, the deadline, a stop."""

import asyncio
from pathlib import Path

import pytest

from gql_server.domain.errors import GenerationFailed
from gql_server.generation.tasks import RunningGenerations
from tests.support.running_app import RunningApp, running_app, workers_ai_settings
from tests.support.waiting import until
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio


async def finished(app: RunningApp) -> None:
    """Wait for what runs, without stopping the server."""
    generations = {
        task for task in asyncio.all_tasks() if task.get_name().startswith("generation ")
    }
    assert len(generations) == len(app.services.running)
    if generations:
        await asyncio.wait(generations, timeout=10)
    assert len(app.services.running) == 0


async def test_an_image_is_kept_when_its_client_goes_away(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    with fake_workers_ai.held():
        leaving = asyncio.create_task(app.generate())
        await until(lambda: bool(fake_workers_ai.requests))
        leaving.cancel()
        await asyncio.wait({leaving})
    await finished(app)
    data = await app.ask("{ images { totalCount } costAnalytics { totalImages } }")
    assert data == {"images": {"totalCount": 1}, "costAnalytics": {"totalImages": 1}}
    assert len(fake_workers_ai.requests) == 1


async def test_an_image_is_kept_when_the_deadline_passes(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    settings = workers_ai_settings(fake_workers_ai) | {"request_deadline": 1.0}
    async with running_app(tmp_path, settings) as app:
        with fake_workers_ai.held():
            payload = await app.generate()
        assert payload["image"] is None
        (error,) = payload["userErrors"]
        assert (error["__typename"], error["code"]) == ("GenerationPending", "GENERATION_PENDING")
        await finished(app)
        data = await app.ask(
            "query F($id: ID!) { image(id: $id) { id cost } }", id=error["imageId"]
        )
        assert data["image"] == {"id": error["imageId"], "cost": 0.01}


async def test_a_stop_waits_for_what_runs_and_takes_nothing_new() -> None:
    running = RunningGenerations(deadline_seconds=10)
    started, release = asyncio.Event(), asyncio.Event()

    async def generation() -> str:
        started.set()
        await release.wait()
        return "kept"

    waiting = asyncio.create_task(running.run("img_a", generation()))
    await started.wait()
    stopping = asyncio.create_task(running.stop(timeout_seconds=10))
    await asyncio.sleep(0)
    with pytest.raises(GenerationFailed, match="restarting"):
        await running.run("img_b", generation())
    assert not stopping.done()
    release.set()
    await stopping
    assert await waiting == "kept"


async def test_a_stop_gives_up_at_its_bound() -> None:
    running = RunningGenerations(deadline_seconds=10)
    started, never = asyncio.Event(), asyncio.Event()

    async def generation() -> None:
        started.set()
        await never.wait()

    waiting = asyncio.create_task(running.run("img_a", generation()))
    await started.wait()
    await running.stop(timeout_seconds=0.01)
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert len(running) == 0
