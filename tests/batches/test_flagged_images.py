"""Items whose picture is flagged: drawn with other seeds, ended once, and kept with their seed."""

import pytest

from tests.batches.conftest import BatchHarness
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import image_flagged

pytestmark = pytest.mark.anyio


async def test_an_item_fails_after_three_seeds_and_may_be_retried(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.next(*[image_flagged()] * 3)
    batch_id = await harness.batch(1)
    await harness.work_on(batch_id)
    (item,) = (await harness.read(batch_id))["items"]
    assert item["error"]["__typename"] == "ImageFlagged"
    assert "each with another seed" in item["error"]["message"]
    retried = (await harness.change("retryBatch", batch_id))["batch"]["id"]
    await harness.work_on(retried)
    (item,) = (await harness.read(retried))["items"]
    seeds = [request.parameters["seed"] for request in fake_workers_ai.requests]
    assert len(set(seeds)) == 4
    assert item["image"]["parameters"]["seed"] == seeds[-1]


async def test_an_item_whose_seed_was_named_fails_at_once(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.next(image_flagged())
    batch_id = await harness.batch(1, seed=7, imagesPerPrompt=2)
    await harness.work_on(batch_id)
    errors = [item["error"] for item in (await harness.read(batch_id))["items"]]
    (error,) = filter(None, errors)
    assert (error["__typename"], error["path"]) == ("ImageFlagged", ["seed"])
    assert sorted(int(str(one.parameters["seed"])) for one in fake_workers_ai.requests) == [7, 8]


async def test_a_worker_that_dies_between_two_seeds_leaves_one_image_to_pay(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.next(image_flagged())
    batch_id = await harness.batch(1)
    async with harness.dying(batch_id, fake_workers_ai, calls=2):
        pass
    fake_workers_ai.next(image_flagged())
    await harness.work_on(batch_id)
    first, _, again, last = [request.parameters["seed"] for request in fake_workers_ai.requests]
    assert (first == again, again == last) == (True, False)
    batch = await harness.read(batch_id)
    assert batch["cost"] == 0.01
    assert batch["items"][0]["image"]["parameters"]["seed"] == last
