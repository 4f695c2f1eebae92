"""Pictures that the model's filter rejects: with another seed, over both APIs, paid once."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.running_app import RunningApp, running_app, workers_ai_settings
from tests.support.waiting import until
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import image_flagged, out_of_capacity, slow

pytestmark = pytest.mark.anyio

MUTATION = """mutation($input: GenerateImageInput!) { generateImage(input: $input) {
    image { id cost parameters { seed } }
    userErrors { __typename code path ... on ImageFlagged { seedWasGiven } } } }"""

TEMPLATE_WITH_SEED = """mutation { createTemplate(input: {
    name: "T", model: "@cf/black-forest-labs/flux-1-schnell", parameters: {seed: 7}}) {
    template { id } } }"""
BUDGETS = """mutation { setBudget(input: {limit: 0.01, period: MONTHLY}) {
    budget { spent reserved } } }"""


async def ask(app: RunningApp, **given: Any) -> dict[str, Any]:
    given = {"prompt": "A fox", "model": "@cf/black-forest-labs/flux-1-schnell"} | given
    data = await app.ask(MUTATION, input=given)
    payload: dict[str, Any] = data["generateImage"]
    return payload


async def test_the_seed_that_made_the_image_is_kept_and_the_image_is_paid_once(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai)) as app:
        fake_workers_ai.next(image_flagged())
        image = (await ask(app))["image"]
        assert len(fake_workers_ai.requests) == 2
        assert image["parameters"]["seed"] == fake_workers_ai.requests[-1].parameters["seed"]
        assert image["parameters"]["seed"] != fake_workers_ai.requests[0].parameters["seed"]
        data = await app.ask("{ costAnalytics { totalImages totalCost } }")
        assert data["costAnalytics"] == {"totalImages": 1, "totalCost": image["cost"]}


async def test_a_seed_that_was_named_is_reported_and_remembered_for_its_key(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai)) as app:
        fake_workers_ai.next(image_flagged())
        first = await ask(app, seed=7, idempotencyKey="k")
        assert first == {
            "image": None,
            "userErrors": [
                {
                    "__typename": "ImageFlagged",
                    "code": "IMAGE_FLAGGED",
                    "path": ["input", "seed"],
                    "seedWasGiven": True,
                }
            ],
        }
        assert await ask(app, seed=7, idempotencyKey="k") == first
        assert len(fake_workers_ai.requests) == 1


async def test_a_key_whose_seeds_were_chance_tries_again(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai)) as app:
        fake_workers_ai.next(*[image_flagged()] * 3)
        failed = await ask(app, idempotencyKey="k")
        assert failed["userErrors"][0]["seedWasGiven"] is False
        assert (await ask(app, idempotencyKey="k"))["image"] is not None
        assert len(fake_workers_ai.requests) == 4


async def test_a_seed_of_a_template_is_kept(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> None:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai)) as app:
        template = (await app.ask(TEMPLATE_WITH_SEED))["createTemplate"]["template"]["id"]
        fake_workers_ai.next(image_flagged())
        (error,) = (await ask(app, model=None, templateId=template))["userErrors"]
        assert (error["code"], error["seedWasGiven"]) == ("IMAGE_FLAGGED", True)
        assert [request.parameters["seed"] for request in fake_workers_ai.requests] == [7]


@pytest.mark.parametrize("seed", [None, 7])
async def test_a_server_that_ends_between_two_attempts_is_paid_one_image(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, seed: int | None
) -> None:
    settings = workers_ai_settings(fake_workers_ai)
    flagged = image_flagged() if seed is None else out_of_capacity()
    async with running_app(tmp_path, settings | {"shutdown_timeout": 0}) as app:
        fake_workers_ai.next(flagged, slow(60))
        first = asyncio.create_task(ask(app, seed=seed, idempotencyKey="k"))
        await until(lambda: len(fake_workers_ai.requests) == 2)
    # The server ends its connection, or says in time that the image is still generated.
    with suppress(httpx.HTTPError):
        assert (await first)["image"] is None
    before = len(fake_workers_ai.requests)
    async with running_app(tmp_path, settings) as app:
        fake_workers_ai.next(flagged)
        image = (await ask(app, seed=seed, idempotencyKey="k"))["image"]
        again, last = fake_workers_ai.requests[before:]
        assert again.parameters == fake_workers_ai.requests[0].parameters
        assert image["parameters"]["seed"] == last.parameters["seed"]
        assert (last.parameters["seed"] == again.parameters["seed"]) == (seed is not None)
        assert (await ask(app, seed=seed, idempotencyKey="k"))["image"] == image
        data = await app.ask("{ costAnalytics { totalImages totalCost } }")
        assert data["costAnalytics"] == {"totalImages": 1, "totalCost": image["cost"]}
        state = (await app.ask(BUDGETS))["setBudget"]["budget"]
        assert (state["spent"], state["reserved"]) == (image["cost"], 0)
