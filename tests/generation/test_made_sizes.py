"""A picture of another size than was asked for: kept and charged as it is, with a warning."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gql_server.database.engine.engine import Database
from gql_server.ledger.audit.audit import audit
from tests.batches.conftest import BatchHarness
from tests.support.running_app import RunningApp, png, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import Exchange

pytestmark = pytest.mark.anyio

PHOENIX = "@cf/leonardo/phoenix-1.0"
PICTURE = {"prompt": "A red fox", "model": PHOENIX, "width": 1024, "height": 1024, "steps": 10}
GENERATE = """mutation G($input: GenerateImageInput!) { generateImage(input: $input) {
  image { id width height cost providerCost }
  userErrors { message }
  warnings { __typename message ... on SizeWarning {
    width height requestedWidth requestedHeight } } } }"""
BATCH = """query B($id: ID!) { batch(id: $id) { cost estimatedCost status items { edges { node {
  warnings { __typename } image { width cost } } } } } }"""
BOOK = """
[prices."@cf/leonardo/phoenix-1.0"]
output_tile = "0.01"
"""


def of_size(width: int, height: int) -> Any:
    async def behave(exchange: Exchange) -> None:
        await exchange.answer(replace(exchange, picture=png(width, height)).reply_with_picture())

    return behave


@pytest.fixture
def settings(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> dict[str, Any]:
    """A server whose pictures cost a cent for each tile of 512 pixels."""
    (tmp_path / "prices.toml").write_text(BOOK)
    return workers_ai_settings(fake_workers_ai) | {"price_book": tmp_path / "prices.toml"}


async def generated(app: RunningApp, **changes: Any) -> dict[str, Any]:
    payload: dict[str, Any] = (await app.ask(GENERATE, input=PICTURE | changes))["generateImage"]
    assert payload["userErrors"] == []
    return payload


async def agrees(database: Database) -> bool:
    return (await audit(database)).is_clean


async def test_a_smaller_image_costs_what_it_is(
    tmp_path: Path, settings: dict[str, Any], fake_workers_ai: FakeWorkersAI
) -> None:
    async with running_app(tmp_path, settings) as app:
        whole = await generated(app, idempotencyKey="whole")
        assert (whole["warnings"], whole["image"]["cost"]) == ([], 0.04)
        fake_workers_ai.next(of_size(512, 512))
        small = await generated(app, idempotencyKey="small")
        (warning,) = small["warnings"]
        assert warning.pop("message").startswith("The model returned 512 × 512 pixels")
        assert warning == {
            "__typename": "SizeWarning",
            "width": 512,
            "height": 512,
            "requestedWidth": 1024,
            "requestedHeight": 1024,
        }
        assert (small["image"]["width"], small["image"]["cost"]) == (512, 0.01)
        assert small["image"]["providerCost"] < whole["image"]["providerCost"]
        again = await generated(app, idempotencyKey="small")
        assert again["image"] == small["image"]
        assert [one["__typename"] for one in again["warnings"]] == ["SizeWarning"]
        costs = await app.ask("{ costAnalytics { totalCost } }")
        assert costs["costAnalytics"]["totalCost"] == pytest.approx(0.05)
        assert await agrees(app.services.database)


async def test_a_larger_image_costs_no_more_than_was_accepted(
    tmp_path: Path, settings: dict[str, Any], fake_workers_ai: FakeWorkersAI
) -> None:
    async with running_app(tmp_path, settings) as app:
        small = await generated(app, width=512, height=512)
        fake_workers_ai.next(of_size(1024, 1024))
        large = await generated(app, width=512, height=512, maxCost=0.01)
        assert large["image"]["cost"] == small["image"]["cost"] == 0.01
        assert large["image"]["providerCost"] > small["image"]["providerCost"]
        fake_workers_ai.next(of_size(1024, 1024))
        by_rest = await app.client.post(
            "/api/generate", json=PICTURE | {"width": 512, "height": 512}
        )
        assert by_rest.status_code == 201
        assert "1024 × 1024" in by_rest.json()["warnings"][0]
        assert await agrees(app.services.database)


async def test_a_batch_costs_what_its_images_are(
    tmp_path: Path, settings: dict[str, Any], fake_workers_ai: FakeWorkersAI
) -> None:
    async with running_app(tmp_path, settings) as app:
        harness = BatchHarness(app)
        payload = await harness.ask(
            model=PHOENIX,
            width=1024,
            height=1024,
            steps=10,
            pictures={"prompts": ["A red fox", "A grey wolf"]},
        )
        batch_id = payload["batch"]["id"]
        fake_workers_ai.next(of_size(512, 512))
        await harness.work_on(batch_id)
        batch = (await app.ask(BATCH, id=batch_id))["batch"]
        assert (batch["status"], batch["cost"], batch["estimatedCost"]) == ("SUCCEEDED", 0.05, 0.05)
        found = {
            node["image"]["width"]: (len(node["warnings"]), node["image"]["cost"])
            for node in (edge["node"] for edge in batch["items"]["edges"])
        }
        assert found == {512: (1, 0.01), 1024: (0, 0.04)}
        assert await agrees(app.services.database)
