"""The account's rate limit, where a batch and somebody who waits both want its turns."""

import asyncio
from pathlib import Path

import pytest

from tests.batches.conftest import BatchHarness
from tests.support.running_app import running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio


async def test_an_image_that_someone_waits_for_comes_before_the_batchs(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    settings = workers_ai_settings(fake_workers_ai) | {"workers_ai_requests_per_minute": 240}
    async with running_app(tmp_path, settings) as app:
        harness = BatchHarness(app)
        batch_id = await harness.batch(6)  # 4 of them at once, and then one each 0.29 s
        working = asyncio.create_task(harness.work_on(batch_id))
        while len(fake_workers_ai.requests) < 4:
            await asyncio.sleep(0.01)
        await app.image(prompt="A direct one")
        await working
        assert (await harness.read(batch_id))["succeeded"] == 6
    prompts = [request.prompt for request in fake_workers_ai.requests]
    assert "A direct one" in prompts[4:6]
    assert fake_workers_ai.requests[-1].at - fake_workers_ai.requests[0].at > 0.3
