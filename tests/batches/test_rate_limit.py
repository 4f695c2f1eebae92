"""The account's rate limit, where a batch and somebody who waits both want its turns."""

import asyncio
from pathlib import Path

import pytest

from tests.batches.conftest import Office
from tests.support.product import running_product, workers_ai_settings
from tests.support.workers_ai_app import WorkersAIStandin

pytestmark = pytest.mark.anyio


async def test_a_picture_that_somebody_waits_for_comes_before_the_batchs(
    tmp_path: Path, standin: WorkersAIStandin
) -> None:
    settings = workers_ai_settings(standin) | {"workers_ai_requests_per_minute": 240}
    async with running_product(tmp_path, settings) as product:
        office = Office(product)
        batch_id = await office.batch(6)  # 4 of them at once, and then one each 0.29 s
        working = asyncio.create_task(office.work_on(batch_id))
        while len(standin.requests) < 4:
            await asyncio.sleep(0.01)
        await product.image(prompt="A direct one")
        await working
        assert (await office.read(batch_id))["succeeded"] == 6
    prompts = [request.prompt for request in standin.requests]
    assert "A direct one" in prompts[4:6]
    assert standin.requests[-1].at - standin.requests[0].at > 0.3
