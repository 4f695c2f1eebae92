"""Whoever wants to know is told of a batch's end."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gql_server.webhooks.signatures import user_secret
from tests.batches.conftest import BatchHarness
from tests.support.receiver import Receiver, running_receiver
from tests.support.running_app import running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import prompt_refused

pytestmark = pytest.mark.anyio

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
READ = """query B($id: ID!) { batch(id: $id) { finishedAt cost
  webhook { id eventType url status deliveries { statusCode } } } }"""


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with running_receiver() as running:
        yield running


@pytest.fixture
async def harness(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> AsyncIterator[BatchHarness]:
    settings = workers_ai_settings(fake_workers_ai) | {
        "webhook_secret": SECRET,
        "webhook_allow_private": True,
    }
    async with running_app(tmp_path, settings, runs_jobs=True) as app:
        yield BatchHarness(app)


async def test_the_end_of_a_batch_is_reported_once_and_signed(
    harness: BatchHarness, receiver: Receiver, fake_workers_ai: FakeWorkersAI
) -> None:
    receiver.next(500)
    fake_workers_ai.next(prompt_refused())
    batch_id = await harness.batch(4, webhookUrl=receiver.url)
    first, again = await receiver.until(2)
    assert first.body == again.body
    said = again.verify(user_secret(SECRET, "default_user"))
    batch = (await harness.app.ask(READ, id=batch_id))["batch"]
    created = said["data"].pop("createdAt")
    assert created < batch["finishedAt"]
    assert said["type"] == "batch.finished"
    assert said["data"] == {
        "batchId": batch_id,
        "status": "PARTIALLY_FAILED",
        "total": 4,
        "succeeded": 3,
        "failed": 1,
        "canceled": 0,
        "cost": "0.03",
        "finishedAt": batch["finishedAt"],
    }
    webhook = batch["webhook"]
    assert webhook["id"] == again.headers["webhook-id"]
    assert (webhook["eventType"], webhook["url"]) == ("batch.finished", receiver.url)


async def test_a_canceled_batch_is_reported_too(harness: BatchHarness, receiver: Receiver) -> None:
    batch_id = await harness.batch(600, webhookUrl=receiver.url)
    await harness.change("cancelBatch", batch_id)
    (delivery,) = await receiver.until(1)
    said = delivery.verify(user_secret(SECRET, "default_user"))["data"]
    assert (said["batchId"], said["status"]) == (batch_id, "CANCELED")
    assert said["succeeded"] + said["canceled"] == 600


async def test_an_address_that_cannot_be_notified_is_refused(harness: BatchHarness) -> None:
    payload = await harness.ask(
        pictures={"prompts": ["A red fox"]}, webhookUrl="ftp://example.com/hook"
    )
    assert payload["batch"] is None
    assert [error["path"] for error in payload["userErrors"]] == [["input", "webhookUrl"]]
