"""Batches while the store does not answer."""

import asyncio

import pytest

from gql_server.batches import item_runner as item_work
from gql_server.inference import attempts
from gql_server.storage.store import StoredObject, StoreMisconfigured, StoreUnavailable
from tests.batches.conftest import BatchHarness
from tests.support.running_app import png
from tests.support.waiting import WAIT_SECONDS
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

IMG2IMG = "@cf/runwayml/stable-diffusion-v1-5-img2img"


async def batch_of_sources(harness: BatchHarness) -> str:
    source = (await harness.app.upload(png(300, 300)))["sourceImage"]["id"]
    return await harness.batch(2, model=IMG2IMG, sourceImageIds=[source])


async def test_items_wait_for_the_store_that_has_their_source_images(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = await batch_of_sources(harness)
    get, away = harness.services.store.get, iter([True] * 3)

    async def get_later(key: str) -> StoredObject | None:
        if next(away, False):
            raise StoreUnavailable("away")
        return await get(key)

    monkeypatch.setattr(harness.services.store, "get", get_later)
    await harness.work_on(batch_id)
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["succeeded"]) == ("SUCCEEDED", 2)
    assert len(fake_workers_ai.requests) == 2


async def test_items_that_wait_for_the_store_end_with_their_batch(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "_LOOK_SECONDS", 0.05)
    batch_id = await batch_of_sources(harness)
    was_called = asyncio.Event()

    async def is_away(_key: str) -> StoredObject | None:
        was_called.set()
        raise StoreUnavailable("away")

    monkeypatch.setattr(harness.services.store, "get", is_away)
    working = asyncio.create_task(harness.work_on(batch_id))
    await was_called.wait()
    await harness.change("cancelBatch", batch_id)
    await asyncio.wait_for(working, WAIT_SECONDS)
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["canceled"]) == ("CANCELED", 2)
    assert fake_workers_ai.requests == []


async def test_a_waiting_caller_learns_at_once_that_a_source_image_cannot_be_read(
    harness: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (await harness.app.upload(png(300, 300)))["sourceImage"]["id"]

    async def is_away(_key: str) -> StoredObject | None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(harness.services.store, "get", is_away)
    payload = await harness.app.generate(model=IMG2IMG, sourceImageIds=[source])
    (error,) = payload["userErrors"]
    assert (error["__typename"], error["retryable"]) == ("GenerationFailed", True)


async def test_an_image_that_was_kept_without_an_answer_is_not_called_for_again(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = harness.services.store.put

    async def keep_and_be_silent(key: str, stored: StoredObject) -> bool:
        await put(key, stored)
        raise StoreUnavailable("away")

    batch_id = await harness.batch(1)
    with monkeypatch.context() as patch:
        patch.setattr(item_work, "_STORE_RETRY_SECONDS", 0.0)
        patch.setattr(harness.services.store, "put", keep_and_be_silent)
        await harness.work_on(batch_id)
    assert (await harness.read(batch_id))["queued"] == 1
    await harness.change("resumeBatch", batch_id)
    await harness.work_on(batch_id)
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["succeeded"], batch["cost"]) == ("SUCCEEDED", 1, 0.01)
    assert len(fake_workers_ai.requests) == 1


async def test_no_item_is_tried_before_the_store_is_there_again(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse() -> None:
        raise StoreMisconfigured("no")

    monkeypatch.setattr(harness.services.store, "check", refuse)
    batch_id = await harness.batch(2)
    await harness.work.run(harness.probe(batch_id))
    batch = await harness.read(batch_id)
    assert (batch["status"], batch["pausedReason"]) == ("PAUSED", "STORE_UNAVAILABLE")
    assert fake_workers_ai.requests == []


async def test_a_batch_waits_for_a_store_that_lets_nothing_be_read(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(_key: str) -> StoredObject | None:
        raise StoreMisconfigured("no")

    batch_id = await batch_of_sources(harness)
    with monkeypatch.context() as patch:
        patch.setattr(harness.services.store, "get", refuse)
        for _ in range(2):  # with items that were not begun, and with those that were
            await asyncio.wait_for(harness.work_on(batch_id), WAIT_SECONDS)
            batch = await harness.read(batch_id)
            assert (batch["status"], batch["pausedReason"]) == ("PAUSED", "STORE_UNAVAILABLE")
            assert (batch["queued"], fake_workers_ai.requests) == (2, [])
            await harness.change("resumeBatch", batch_id)
    await harness.work_on(batch_id)
    assert (await harness.read(batch_id))["status"] == "SUCCEEDED"
