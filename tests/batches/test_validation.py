"""What a batch may ask for: all of it is checked before any of it is accepted."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.batches import insert_batch
from tests.batches.conftest import BatchHarness
from tests.support.running_app import FLUX, SDXL, running_app
from tests.support.waiting import WAIT_SECONDS
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

SET_BUDGET = """mutation { setBudget(input: {limit: 0.05, period: MONTHLY}) {
  budget { id } userErrors { message } } }"""
IS_THERE = "query B($id: ID!) { batch(id: $id) { id } }"
BUDGET = "{ costAnalytics { budget { spent reserved } } }"


async def test_a_batch_is_answered_at_once_with_what_it_will_cost(harness: BatchHarness) -> None:
    payload = await harness.ask(pictures={"prompts": ["A red fox"] * 45}, priority="HIGH")
    batch = payload["batch"]
    assert payload["userErrors"] == []
    shown = {name: batch[name] for name in ("status", "priority", "total", "queued", "sequence")}
    assert shown == {
        "status": "QUEUED",
        "priority": "HIGH",
        "total": 45,
        "queued": 45,
        "sequence": 0,
    }
    assert (batch["cost"], batch["estimatedCost"], batch["progress"]) == (0, 0.45, 0)
    assert batch["estimatedFinishAt"] > batch["createdAt"]
    assert batch["startedAt"] is batch["finishedAt"] is None


@pytest.mark.parametrize("key", [None, "k"])
async def test_a_batch_that_takes_longer_than_the_deadline_is_there_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    should_continue = asyncio.Event()

    async def later(*given: Any) -> None:
        await should_continue.wait()
        await insert_batch(*given)

    monkeypatch.setattr("gql_server.batches.create.insert_batch", later)
    async with running_app(tmp_path, {"request_deadline": 0.2}) as app:
        harness = BatchHarness(app)
        payload = await harness.ask(pictures={"prompts": ["A red fox"]}, idempotencyKey=key)
        (error,) = payload["userErrors"]
        assert (error["__typename"], error["code"]) == ("BatchPending", "BATCH_PENDING")
        should_continue.set()
        async with asyncio.timeout(WAIT_SECONDS):
            while (await app.ask(IS_THERE, id=error["batchId"]))["batch"] is None:
                await asyncio.sleep(0.01)


async def test_items_take_the_batchs_settings_where_they_have_none(harness: BatchHarness) -> None:
    items = [
        {"prompt": "A red fox", "tags": ["own"]},
        {"prompt": "A blue fox", "model": SDXL, "width": 512, "height": 768, "steps": 20},
    ]
    payload = await harness.ask(pictures={"items": items}, steps=2, tags=["all"])
    assert payload["userErrors"] == []
    batch_id = payload["batch"]["id"]
    await harness.work_on(batch_id)
    found = await harness.app.ask(
        """query I($id: ID!) { batch(id: $id) { images(orderBy: OLDEST_FIRST) { edges { node {
        prompt tags width height model { id } parameters { steps } } } } } }""",
        id=batch_id,
    )
    images = [edge["node"] for edge in found["batch"]["images"]["edges"]]
    images.sort(key=lambda image: image["prompt"], reverse=True)
    assert [(image["tags"], image["parameters"]["steps"]) for image in images] == [
        (["own"], 2),
        (["all"], 20),
    ]
    assert (images[1]["model"]["id"], images[1]["width"], images[1]["height"]) == (SDXL, 512, 768)


@pytest.mark.parametrize("seed", [None, 7])
async def test_images_of_one_prompt_have_seeds_that_differ(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI, seed: int | None
) -> None:
    batch_id = await harness.batch(2, imagesPerPrompt=3, seed=seed)
    await harness.work_on(batch_id)
    items = (await harness.read(batch_id))["items"]
    prompts = [item["prompt"] for item in items]
    assert prompts == ["A red fox, 0"] * 3 + ["A red fox, 1"] * 3
    seeds = [item["image"]["parameters"]["seed"] for item in items]
    if seed is None:
        assert len(set(seeds)) == 6
    else:
        assert seeds == [7, 8, 9, 7, 8, 9]
    assert Counter(request.parameters["seed"] for request in fake_workers_ai.requests) == Counter(
        seeds
    )


async def test_every_error_is_reported_with_its_index_and_nothing_is_accepted(
    harness: BatchHarness,
) -> None:
    payload = await harness.ask(
        pictures={
            "items": [
                {"prompt": "A red fox"},
                {"prompt": "x"},
                {"prompt": "A red fox", "steps": 99, "seed": -1},
                {"prompt": "A red fox", "model": "nope"},
                {"prompt": "A red fox", "sourceImageIds": ["img_nothing"]},
            ]
        },
        width=512,
        maxCost=0,
    )
    assert payload["batch"] is None
    error = {(tuple(one["path"][1:]), one["code"]) for one in payload["userErrors"]}
    items = ("pictures", "items")
    assert {
        ((*items, "1", "prompt"), "TOO_SHORT"),
        ((*items, "2", "steps"), "OUT_OF_RANGE"),
        ((*items, "2", "seed"), "OUT_OF_RANGE"),
        ((*items, "3", "model"), "MODEL_NOT_FOUND"),
        ((*items, "4", "sourceImageIds", "0"), "IMAGE_NOT_FOUND"),
        (("width",), "NOT_SUPPORTED"),
    } <= error
    assert len(payload["userErrors"]) == len(error)
    found = await harness.app.ask("{ batches { totalCount } }")
    assert found["batches"]["totalCount"] == 0


async def test_more_errors_than_anyone_fixes_at_once_are_cut_off_and_counted(
    harness: BatchHarness,
) -> None:
    payload = await harness.ask(pictures={"prompts": ["x"] * 1000}, tags=[""])
    error = payload["userErrors"]
    assert len(error) == 101
    assert error[1]["path"] == ["input", "tags", "0"]
    assert error[-2]["path"] == ["input", "pictures", "prompts", "98"]
    assert (error[-1]["path"], error[-1]["code"]) == (["input"], "TOO_MANY")
    assert "more errors than these 100" in error[-1]["message"]


async def test_the_errors_of_prompts_name_the_prompts(harness: BatchHarness) -> None:
    payload = await harness.ask(pictures={"prompts": ["A red fox", "x", "A fox", "a\x00bc"]})
    paths = [error["path"] for error in payload["userErrors"]]
    assert paths == [
        ["input", "pictures", "prompts", "1"],
        ["input", "pictures", "prompts", "3"],
    ]


@pytest.mark.parametrize(
    ("changes", "path", "code"),
    [
        ({"pictures": {"prompts": []}}, ["pictures"], "TOO_SHORT"),
        ({"pictures": {"items": []}}, ["pictures"], "TOO_SHORT"),
        ({"pictures": {"prompts": ["fox " * 200] * 10_001}}, ["pictures"], "TOO_MANY"),
        (
            {"pictures": {"prompts": ["fox"] * 101}, "imagesPerPrompt": 100},
            ["pictures"],
            "TOO_MANY",
        ),
        (
            {"pictures": {"prompts": ["fox"]}, "imagesPerPrompt": 0},
            ["imagesPerPrompt"],
            "OUT_OF_RANGE",
        ),
        (
            {"pictures": {"prompts": ["fox"] * 3}, "maxCost": 0.029},
            ["maxCost"],
            "MAX_COST_EXCEEDED",
        ),
        ({"pictures": {"prompts": ["fox"]}, "idempotencyKey": ""}, ["idempotencyKey"], "TOO_SHORT"),
        ({"pictures": {"prompts": ["fox"]}, "model": None}, ["model"], "REQUIRED"),
    ],
)
async def test_an_invalid_batch_is_refused_with_the_reasons(
    harness: BatchHarness, changes: dict[str, Any], path: list[str], code: str
) -> None:
    payload = await harness.ask(**changes)
    assert payload["batch"] is None
    assert [(error["path"], error["code"]) for error in payload["userErrors"]] == [
        (["input", *path], code)
    ]


async def test_a_batch_holds_its_estimate_or_says_what_is_missing(harness: BatchHarness) -> None:
    await harness.app.ask(SET_BUDGET)
    batch_id = await harness.batch(3)
    assert (await budget(harness)) == {"spent": 0, "reserved": 0.03}
    payload = await harness.ask(pictures={"prompts": ["A red fox"] * 3})
    (error,) = payload["userErrors"]
    assert (error["__typename"], error["limit"], error["needed"]) == ("BudgetExceeded", 0.05, 0.03)
    assert "$0.01 are missing" in error["message"]
    await harness.work_on(batch_id)
    assert (await budget(harness)) == {"spent": 0.03, "reserved": 0}


async def test_a_batch_that_passes_a_soft_budget_is_accepted_with_a_warning(
    harness: BatchHarness,
) -> None:
    await harness.app.ask(
        """mutation { setBudget(input: {limit: 0.02, period: DAILY, enforcement: SOFT}) {
        budget { id } } }"""
    )
    query = """mutation G($input: GenerateBatchInput!) { generateBatch(input: $input) {
        batch { id } warnings { message ... on BudgetWarning { budget { limit } } } } }"""
    source = {"pictures": {"prompts": ["A red fox"] * 3}, "model": FLUX}
    payload = (await harness.app.ask(query, input=source))["generateBatch"]
    assert payload["batch"] is not None
    assert payload["warnings"] == [
        {
            "message": "The server's daily budget of $0.02 has been exceeded.",
            "budget": {"limit": 0.02},
        }
    ]


async def test_the_same_batch_with_its_key_is_accepted_once(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    first = await harness.batch(3, idempotencyKey="k")
    assert await harness.batch(3, idempotencyKey="k") == first
    await harness.work_on(first)
    assert await harness.batch(3, idempotencyKey="k") == first
    assert len(fake_workers_ai.requests) == 3
    payload = await harness.ask(pictures={"prompts": ["A cat"]}, idempotencyKey="k")
    assert [error["__typename"] for error in payload["userErrors"]] == ["IdempotencyConflict"]


async def test_an_estimate_of_a_batch_spends_nothing(harness: BatchHarness) -> None:
    query = """query E($batch: GenerateBatchInput!) { costEstimate(input: {batch: $batch}) {
        estimate { cost providerCost neurons } userErrors { path } } }"""
    source = {"pictures": {"prompts": ["A red fox", "A cat"]}, "imagesPerPrompt": 2}
    found = await harness.app.ask(
        query, batch={**source, "model": "@cf/black-forest-labs/flux-1-schnell"}
    )
    assert found["costEstimate"] == {
        "estimate": {"cost": 0.04, "providerCost": 0.0025344, "neurons": 230.4},
        "userErrors": [],
    }
    found = await harness.app.ask(query, batch={**source, "model": "nope"})
    assert found["costEstimate"]["estimate"] is None
    assert found["costEstimate"]["userErrors"] == [{"path": ["input", "batch", "model"]}]


async def budget(harness: BatchHarness) -> dict[str, float]:
    found: dict[str, float] = (await harness.app.ask(BUDGET))["costAnalytics"]["budget"]
    return found


async def test_a_lost_answer_to_the_commit_loses_neither_the_batch_nor_its_money(
    harness: BatchHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    await harness.app.ask(SET_BUDGET)
    write, lost = harness.services.database.write, iter([True])

    @asynccontextmanager
    async def answer_is_lost() -> AsyncIterator[AsyncConnection]:
        async with write() as connection:
            yield connection
            is_batch = (await connection.execute(text("SELECT count(*) FROM batches"))).scalar_one()
        if is_batch and next(lost, False):
            raise DatabaseUnavailable("lost")

    monkeypatch.setattr(harness.services.database, "write", answer_is_lost)
    batch_id = await harness.batch(3)
    assert await budget(harness) == {"spent": 0, "reserved": 0.03}
    await harness.work_on(batch_id)
    assert await budget(harness) == {"spent": 0.03, "reserved": 0}


async def test_seeds_beyond_32_bits_count_up(harness: BatchHarness) -> None:
    payload = await harness.ask(
        pictures={"prompts": ["A red fox"]}, seed=str(2**32 - 1), imagesPerPrompt=3
    )
    batch_id = payload["batch"]["id"]
    await harness.work_on(batch_id)
    seeds = [
        item["image"]["parameters"]["seed"] for item in (await harness.read(batch_id))["items"]
    ]
    assert seeds == [2**32 - 1, 2**32, 2**32 + 1]
    last = 2**53 - 1
    payload = await harness.ask(pictures={"prompts": ["A red fox"]}, seed=last, imagesPerPrompt=2)
    assert payload["userErrors"][0]["code"] == "OUT_OF_RANGE"
