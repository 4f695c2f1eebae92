"""Single images that are not waited for."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gql_server.database.queries.batches import insert_batch
from gql_server.domain.ids import batch_of_generation
from gql_server.ledger.audit.audit import audit
from gql_server.webhooks.signatures import user_secret
from tests.batches.conftest import BatchHarness
from tests.support.receiver import running_receiver
from tests.support.running_app import FLUX, running_app, workers_ai_settings
from tests.support.subscriber import subscriber
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import daily_allocation_used, prompt_refused

pytestmark = pytest.mark.anyio

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
FIELDS = """id status isCancelable cost estimatedCost prompt pausedReason userId
  image { id prompt cost batch { id } } error { code message } webhook { status eventType }"""
GENERATE = (
    """mutation ($input: GenerateImageInput!) { generateImage(input: $input) {
  image { id } generation { %s } userErrors { code path message } } }"""
    % FIELDS
)
READ = "query ($id: ID!) { generation(id: $id) { %s } node(id: $id) { id } }" % FIELDS
PENDING = """userErrors { code
  ... on BatchPending { batchId } ... on IdempotencyInProgress { imageId } }"""
LISTS = """query ($id: ID!) { batches { totalCount edges { node { id } } } batch(id: $id) { id }
  images { totalCount } costAnalytics { totalCost } }"""
CANCEL = """mutation ($id: ID!) { cancelGeneration(input: {id: $id}) {
  generation { status isCancelable } userErrors { code message } } }"""
WATCH = """subscription ($id: ID!) { generationProgress(id: $id) {
  status image { id } error { code } } }"""


async def start(harness: BatchHarness, **changes: Any) -> dict[str, Any]:
    given = {"prompt": "A red fox", "model": FLUX, "wait": False, **changes}
    payload: dict[str, Any] = (await harness.app.ask(GENERATE, input=given))["generateImage"]
    return payload


async def accepted(harness: BatchHarness, **changes: Any) -> str:
    payload = await start(harness, **changes)
    assert (payload["userErrors"], payload["image"]) == ([], None)
    generation_id: str = payload["generation"]["id"]
    assert generation_id.startswith("gen_")
    return generation_id


async def read(harness: BatchHarness, generation_id: str) -> dict[str, Any]:
    found = await harness.app.ask(READ, id=generation_id)
    assert found["node"] == {"id": generation_id}
    generation: dict[str, Any] = found["generation"]
    return generation


async def test_an_image_is_generated_and_charged_once_after_the_response(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    generation_id = await accepted(harness, idempotencyKey="k")
    queued = await read(harness, generation_id)
    assert (queued["status"], queued["isCancelable"]) == ("QUEUED", True)
    assert (queued["cost"], queued["estimatedCost"], queued["prompt"]) == (0, 0.01, "A red fox")
    assert await accepted(harness, idempotencyKey="k") == generation_id
    batch_id = batch_of_generation(generation_id)
    await harness.work_on(batch_id)
    done = await read(harness, generation_id)
    assert (done["status"], done["isCancelable"], done["cost"]) == ("SUCCEEDED", False, 0.01)
    assert (done["image"]["prompt"], done["image"]["batch"]) == ("A red fox", None)
    assert len(fake_workers_ai.requests) == 1
    lists = await harness.app.ask(LISTS, id=batch_id)
    assert lists["batches"] == {"totalCount": 0, "edges": []}
    assert lists["batch"] is None
    assert (lists["images"]["totalCount"], lists["costAnalytics"]["totalCost"]) == (1, 0.01)
    (conflict,) = (await start(harness, wait=True, idempotencyKey="k"))["userErrors"]
    assert conflict["code"] == "IDEMPOTENCY_CONFLICT"


async def test_a_generation_is_finished_after_its_process_died(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    generation_id = await accepted(harness)
    batch_id = batch_of_generation(generation_id)
    await harness.die_before_the_row(batch_id, monkeypatch)
    assert (await read(harness, generation_id))["status"] == "RUNNING"
    await harness.work_on(batch_id)
    done = await read(harness, generation_id)
    assert (done["status"], done["cost"], len(fake_workers_ai.requests)) == ("SUCCEEDED", 0.01, 1)


async def test_a_failed_generation_says_why_and_costs_nothing(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.next(prompt_refused())
    generation_id = await accepted(harness)
    await harness.work_on(batch_of_generation(generation_id))
    failed = await read(harness, generation_id)
    assert (failed["status"], failed["error"]["code"]) == ("FAILED", "PROMPT_REFUSED")
    assert (failed["cost"], failed["image"]) == (0, None)


async def test_a_generation_is_canceled_before_it_starts_and_not_after_it_finished(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.next(daily_allocation_used())
    generation_id = await accepted(harness)
    await harness.work_on(batch_of_generation(generation_id))
    paused = await read(harness, generation_id)
    assert (paused["status"], paused["pausedReason"]) == ("PAUSED", "DAILY_ALLOCATION_USED")
    canceled = (await harness.app.ask(CANCEL, id=generation_id))["cancelGeneration"]
    assert canceled["generation"] == {"status": "CANCELED", "isCancelable": False}
    done = await accepted(harness)
    await harness.work_on(batch_of_generation(done))
    (late,) = (await harness.app.ask(CANCEL, id=done))["cancelGeneration"]["userErrors"]
    assert late["code"] == "BATCH_CONFLICT"
    for unknown in (batch_of_generation(done), "gen_none", await harness.batch(1)):
        (error,) = (await harness.app.ask(CANCEL, id=unknown))["cancelGeneration"]["userErrors"]
        assert error["code"] == "GENERATION_NOT_FOUND"


async def test_a_key_whose_generation_is_being_accepted_names_the_generation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_continue = asyncio.Event()

    async def later(*given: Any) -> None:
        await may_continue.wait()
        await insert_batch(*given)

    monkeypatch.setattr("gql_server.batches.create.insert_batch", later)
    query = GENERATE.replace("userErrors { code path message }", PENDING)
    given = {"prompt": "A red fox", "model": FLUX, "wait": False, "idempotencyKey": "k"}
    async with running_app(tmp_path, {"request_deadline": 0.2}) as app:
        first = (await app.ask(query, input=given))["generateImage"]["userErrors"][0]
        second = (await app.ask(query, input=given))["generateImage"]["userErrors"][0]
        assert [first["code"], second["code"]] == ["BATCH_PENDING", "IDEMPOTENCY_IN_PROGRESS"]
        assert first["batchId"].startswith("gen_")
        assert second["imageId"] == first["batchId"]
        may_continue.set()


async def test_a_batch_is_no_generation_and_a_generation_no_batch(harness: BatchHarness) -> None:
    batch_id = batch_of_generation(await accepted(harness))
    (error,) = (await harness.change("cancelBatch", batch_id))["userErrors"]
    assert error["code"] == "BATCH_NOT_FOUND"
    alias = (await harness.batch(1)).replace("bat_", "gen_")
    assert (await harness.app.ask("query ($id: ID!) { generation(id: $id) { id } }", id=alias)) == {
        "generation": None
    }


async def test_what_is_wrong_with_it_is_reported_at_once(harness: BatchHarness) -> None:
    payload = await start(harness, steps=99, webhookUrl="ftp://example.com")
    assert sorted(error["path"][1] for error in payload["userErrors"]) == ["webhookUrl"]
    (error,) = (await start(harness, steps=99))["userErrors"]
    assert error["path"] == ["input", "steps"]
    given = {"wait": True, "webhookUrl": "https://example.com/hook"}
    (error,) = (await start(harness, **given))["userErrors"]
    assert error["path"] == ["input", "webhookUrl"]
    (error,) = (await start(harness, maxCost=0.001))["userErrors"]
    assert (error["code"], error["path"]) == ("MAX_COST_EXCEEDED", ["input", "maxCost"])


async def test_watchers_see_the_state_and_the_image(harness: BatchHarness) -> None:
    generation_id = await accepted(harness)
    async with subscriber(harness.app.settings.server_url) as client:
        await client.subscribe(WATCH, id=generation_id)
        first = (await client.next())["generationProgress"]
        assert first == {"status": "QUEUED", "image": None, "error": None}
        await harness.work_on(batch_of_generation(generation_id))
        last = first
        while (message := await client.receive())["type"] == "next":
            last = message["payload"]["data"]["generationProgress"]
    assert message["type"] == "complete"
    image = (await read(harness, generation_id))["image"]
    assert last == {"status": "SUCCEEDED", "image": {"id": image["id"]}, "error": None}


@pytest.fixture
async def working(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> AsyncIterator[BatchHarness]:
    settings = workers_ai_settings(fake_workers_ai) | {
        "webhook_secret": SECRET,
        "webhook_allow_private": True,
    }
    async with running_app(tmp_path, settings, runs_jobs=True) as app:
        yield BatchHarness(app)


async def test_a_webhook_reports_the_end(working: BatchHarness) -> None:
    async with running_receiver() as receiver:
        generation_id = await accepted(working, webhookUrl=receiver.url)
        (delivered,) = await receiver.until(1)
        body = delivered.verify(user_secret(SECRET, "default_user"))
        done = await read(working, generation_id)
        assert body["type"] == "generation.finished"
        assert {**body["data"], "createdAt": "", "finishedAt": ""} == {
            "generationId": generation_id,
            "status": "SUCCEEDED",
            "imageId": done["image"]["id"],
            "error": None,
            "cost": "0.01",
            "createdAt": "",
            "finishedAt": "",
        }
        assert done["webhook"]["eventType"] == "generation.finished"
    assert (await audit(working.services.database)).is_clean
