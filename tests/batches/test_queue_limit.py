"""How many images one user may have in unfinished batches."""

import asyncio
from pathlib import Path
from typing import Any, Final

import pytest

from gql_server.database.queries.batches import insert_batch
from tests.batches.conftest import BatchHarness
from tests.rest.calls import send
from tests.support.postgres import PostgresServer
from tests.support.running_app import FLUX, RunningApp, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

ERROR: Final = "userErrors { __typename code message path ... on QueueFull { queued maxQueued } }"
GENERATE: Final = (
    "mutation($input: GenerateBatchInput!) { generateBatch(input: $input) { batch { id } %s } }"
) % ERROR
SINGLE: Final = (
    "mutation($input: GenerateImageInput!) { generateImage(input: $input) { generation { id } %s }}"
) % ERROR
ESTIMATE: Final = """query($input: CostEstimateInput!) { costEstimate(input: $input) {
  userErrors { __typename } } }"""
SET_BUDGET: Final = """mutation { setBudget(input: {limit: 100, period: MONTHLY}) {
  userErrors { message } } }"""
BUDGET: Final = "{ costAnalytics { budget { reserved } } }"


def pictures(number: int) -> dict[str, Any]:
    return {"model": FLUX, "pictures": {"prompts": ["A red fox"] * number}}


async def accepted(app: RunningApp, number: int) -> Any:
    return (await app.ask(GENERATE, input=pictures(number)))["generateBatch"]


async def test_a_user_has_no_more_images_in_unfinished_batches(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    settings = workers_ai_settings(fake_workers_ai) | {"queued_images_per_user": 5}
    async with running_app(tmp_path, settings) as app:
        harness = BatchHarness(app)
        first = await harness.batch(3)
        refused = await accepted(app, 3)
        assert refused["batch"] is None
        (error,) = refused["userErrors"]
        assert error == {
            "__typename": "QueueFull",
            "code": "QUEUE_FULL",
            "message": "The user has 3 images waiting or being generated; 3 more would exceed the "
            "maximum of 5. Try again when enough of them have been generated, or cancel a batch.",
            "path": ["input"],
            "queued": 3,
            "maxQueued": 5,
        }
        (error,) = (await accepted(app, 6))["userErrors"]
        assert (error["__typename"], error["code"]) == ("InvalidInput", "TOO_MANY")
        assert error["message"].startswith("A user may have at most 5 images")
        estimate = (await app.ask(ESTIMATE, input={"batch": pictures(3)}))["costEstimate"]
        assert estimate["userErrors"] == [{"__typename": "QueueFull"}]
        body = {"prompts": ["A red fox"] * 3, "model": FLUX}
        response = await send(app, "POST", "batch/generate", json=body)
        assert (response.status_code, response.headers["retry-after"]) == (429, "5")
        assert response.json()["details"].items() >= {"queued": 3, "max_queued": 5}.items()

        second = await harness.batch(2)
        single = {"model": FLUX, "prompt": "A red fox", "wait": False}
        (error,) = (await app.ask(SINGLE, input=single))["generateImage"]["userErrors"]
        assert (error["__typename"], error["queued"]) == ("QueueFull", 5)
        await harness.work_on(first)
        await harness.change("cancelBatch", second)
        assert (await app.ask(SINGLE, input=single))["generateImage"]["userErrors"] == []
        assert (await accepted(app, 4))["userErrors"] == []


async def test_processes_together_accept_no_more(
    tmp_path: Path,
    postgres: PostgresServer,
    migrated_postgres: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inserted = asyncio.Barrier(4)

    async def insert_beside_others(*given: Any) -> None:
        await insert_batch(*given)
        await inserted.wait()  # no transaction has committed yet

    monkeypatch.setattr("gql_server.batches.create.insert_batch", insert_beside_others)
    settings = {
        "database_url": postgres.setting(postgres.create_database(migrated_postgres)),
        "queued_images_per_user": 12,
    }
    async with running_app(tmp_path, settings) as one, running_app(tmp_path, settings) as other:
        await one.ask(SET_BUDGET)
        payloads = await asyncio.gather(*(accepted(app, 5) for app in (one, other) * 2))
        assert sum(payload["batch"] is not None for payload in payloads) == 2
        errors = [error for payload in payloads for error in payload["userErrors"]]
        assert [(error["__typename"], error["queued"]) for error in errors] == [
            ("QueueFull", 10)
        ] * 2
        budget = (await one.ask(BUDGET))["costAnalytics"]["budget"]
        assert budget["reserved"] == pytest.approx(10 * 0.01)
