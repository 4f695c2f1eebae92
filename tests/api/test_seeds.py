"""Seeds beyond 32 bits are accepted and returned exactly, through every door."""

from typing import Any

import pytest

from tests.support.running_app import FLUX, RunningApp
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

MAX_VALUE = 2**53 - 1
LARGE = (2**31, 2**32 - 1, MAX_VALUE)
QUERY = """query Q($id: ID!) { image(id: $id) { parameters { seed } } }"""
TEMPLATE = """mutation T($seed: Seed) {
  createTemplate(input: {name: "T", model: "@cf/black-forest-labs/flux-1-schnell",
    parameters: {seed: $seed}}) { template { id parameters { seed } } userErrors { message } } }"""


async def test_a_large_seed_reaches_the_model_and_is_returned(
    production: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    for seed in LARGE:
        image = await production.image(seed=seed)
        assert image["parameters"]["seed"] == seed
        assert fake_workers_ai.requests[-1].parameters["seed"] == seed
        rest = await production.client.get(f"/api/images/{image['id']}")
        assert rest.status_code == 200
        read = await production.ask(QUERY, id=image["id"])
        assert read["image"]["parameters"]["seed"] == seed
    body = {"prompt": "A red fox", "model": FLUX, "seed": MAX_VALUE}
    made = (await production.client.post("/api/generate", json=body)).json()
    read = await production.ask(QUERY, id=made["id"])
    assert read["image"]["parameters"]["seed"] == MAX_VALUE


@pytest.mark.parametrize(
    ("sent", "seed"),
    [(str(MAX_VALUE), MAX_VALUE), ("4294967295", 2**32 - 1), (5.0, 5), ("0", 0), (None, None)],
)
async def test_a_seed_may_be_sent_as_text(app: RunningApp, sent: Any, seed: int | None) -> None:
    saved = (await app.ask(TEMPLATE, seed=sent))["createTemplate"]
    assert saved["userErrors"] == []
    assert saved["template"]["parameters"]["seed"] == seed
    image = await app.image(model=None, templateId=saved["template"]["id"])
    if seed is not None:
        assert image["parameters"]["seed"] == seed
    else:
        assert 0 <= image["parameters"]["seed"] < 2**31


@pytest.mark.parametrize("seed", [-1, MAX_VALUE + 1, str(MAX_VALUE + 1), 2**64 - 1])
async def test_a_seed_beyond_its_model_is_an_error_that_names_the_range(
    app: RunningApp, seed: Any
) -> None:
    payload = await app.generate(seed=seed)
    (error,) = payload["userErrors"]
    assert error["code"] == "OUT_OF_RANGE"
    assert error["path"] == ["input", "seed"]
    assert error["message"] == f"seed must be from 0 to {MAX_VALUE}; it is {seed}."


@pytest.mark.parametrize("seed", ["", "0x10", "1" * 21, 1.5, True, [], {"a": 1}, "1e3", "٣"])
async def test_an_invalid_seed_is_reported(app: RunningApp, seed: Any) -> None:
    answer = (
        await app.client.post("/graphql", json={"query": TEMPLATE, "variables": {"seed": seed}})
    ).json()
    assert f"A seed is a whole number from 0 to {MAX_VALUE}" in answer["errors"][0]["message"]


async def test_literals_are_read_alike(app: RunningApp) -> None:
    for written in (str(MAX_VALUE), f'"{MAX_VALUE}"'):
        query = TEMPLATE.replace("$seed: Seed", "").replace("()", "").replace("$seed", written)
        assert (await app.ask(query))["createTemplate"]["template"]["parameters"] == {
            "seed": MAX_VALUE
        }


async def test_each_model_names_its_range(app: RunningApp) -> None:
    query = "{ models { id parameters { name minimum maximum } } }"
    for model in (await app.ask(query))["models"]:
        # Other providers document a range of their own.
        ranges = {MAX_VALUE} if model["id"].startswith("@cf/") else {MAX_VALUE, 2**31 - 1}
        for parameter in model["parameters"]:
            if parameter["name"] == "seed":
                assert parameter["minimum"] == 0
                assert int(parameter["maximum"]) in ranges
