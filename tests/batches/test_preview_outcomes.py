"""Each outcome of a batch and of a picture can be seen without an account, by the API alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.batches.conftest import BatchHarness
from tests.support.running_app import running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

SIZE = {"model": "@cf/stabilityai/stable-diffusion-xl-base-1.0", "width": 256, "height": 256}


@pytest.fixture
async def previews(tmp_path: Path) -> AsyncIterator[BatchHarness]:
    async with running_app(tmp_path) as app:
        yield BatchHarness(app)


async def accepted(previews: BatchHarness, prompts: list[str]) -> str:
    payload = await previews.ask(pictures={"prompts": prompts}, **SIZE)
    assert payload["userErrors"] == []
    batch_id: str = payload["batch"]["id"]
    return batch_id


async def test_a_batch_shows_failures_that_can_be_retried(previews: BatchHarness) -> None:
    prompts = ["A red fox", "A fox [preview:refuse]", "A fox [preview:fail-once]"]
    batch_id = await accepted(previews, prompts)
    await previews.work_on(batch_id)
    batch = await previews.read(batch_id)
    assert batch["status"] == "PARTIALLY_FAILED"
    assert [item["status"] for item in batch["items"]] == ["SUCCEEDED", "FAILED", "FAILED"]
    assert [item["error"] and item["error"]["__typename"] for item in batch["items"]] == [
        None,
        "PromptRefused",
        "GenerationFailed",
    ]
    retry = (await previews.change("retryBatch", batch_id))["batch"]
    await previews.work_on(retry["id"])
    items = (await previews.read(retry["id"]))["items"]
    assert [item["status"] for item in items] == ["FAILED", "SUCCEEDED"]


async def test_a_batch_shows_a_pause_and_continues(previews: BatchHarness) -> None:
    prompts = ["A fox [preview:pause]", "A red fox"]
    batch_id = await accepted(previews, prompts)
    await previews.work_on(batch_id)
    batch = await previews.read(batch_id)
    assert (batch["status"], batch["pausedReason"]) == ("PAUSED", "DAILY_ALLOCATION_USED")
    assert (await previews.change("resumeBatch", batch_id))["userErrors"] == []
    await previews.work_on(batch_id)
    assert (await previews.read(batch_id))["succeeded"] == 2


async def test_one_image_is_pending(tmp_path: Path) -> None:
    async with running_app(tmp_path, {"request_deadline": 0.5}) as app:
        payload = await app.generate(prompt="A fox [preview:slow 2]", **SIZE)
    (error,) = payload["userErrors"]
    assert error["__typename"] == "GenerationPending"


async def test_models_know_nothing_of_it(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> None:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai)) as app:
        image = await app.image(prompt="A red fox [preview:refuse]")
        assert image["prompt"] == "A red fox [preview:refuse]"
