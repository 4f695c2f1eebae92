"""Requests that name several models: which one generates the image, why, and what it costs."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from gql_server.database.tables.remote_images import RemoteImageRow
from gql_server.domain.clock import now
from gql_server.generation.late_images import finish_late_images
from gql_server.inference.workers_ai.client import WorkersAI
from tests.support.running_app import FLUX, SDXL, RunningApp, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import (
    Behaviour,
    Reply,
    daily_allocation_used,
    error,
    image_flagged,
    out_of_capacity,
    prompt_refused,
    server_error_page,
)

pytestmark = pytest.mark.anyio

WAN = "alibaba/wan-2.6-image"
QWEN = "alibaba/qwen-image-3.0-pro"
MODELS = """query ($id: ID!) { image(id: $id) {
  cost model { id } skippedModels { model { id } reason } } }"""
TOTAL = "{ costAnalytics { totalCost } }"


@pytest.fixture(autouse=True)
def one_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {**(WorkersAI.__init__.__kwdefaults__ or {}), "fetch_waits": ()}
    monkeypatch.setattr(WorkersAI.__init__, "__kwdefaults__", chosen)
    monkeypatch.setattr(WorkersAI, "_seconds_until_next", lambda *_given: None)


async def made(app: RunningApp, image_id: str) -> tuple[str, list[tuple[str, str]], float]:
    image = (await app.ask(MODELS, id=image_id))["image"]
    skipped = [(one["model"]["id"], one["reason"]) for one in image["skippedModels"]]
    return image["model"]["id"], skipped, image["cost"]


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        (out_of_capacity(), "OUT_OF_CAPACITY"),
        (server_error_page(), "OUT_OF_CAPACITY"),
        (daily_allocation_used(), "ALLOCATION_USED"),
        (error(2021, 402, "Insufficient balance"), "ALLOCATION_USED"),
        (error(5007, 400, "No such model"), "DEPRECATED"),
        (error(5018, 403, "not allowed"), "UNAVAILABLE"),
        (prompt_refused(), "REFUSED"),
        (image_flagged(), "REFUSED"),
    ],
)
async def test_the_next_model_generates_what_the_first_cannot(
    app: RunningApp, fake_workers_ai: FakeWorkersAI, behaviour: Behaviour, reason: str
) -> None:
    fake_workers_ai.next(behaviour)
    image = await app.image(model=SDXL, models=[WAN, FLUX])
    assert [request.model for request in fake_workers_ai.requests] == [SDXL, WAN]
    assert await made(app, image["id"]) == (WAN, [(SDXL, reason)], 0.03)
    assert (await app.ask(TOTAL))["costAnalytics"]["totalCost"] == 0.03


async def test_models_that_are_withdrawn_or_too_expensive_are_not_called(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    image = await app.image(model="google/imagen-4", models=[QWEN, WAN, FLUX], maxCost=0.03)
    assert [request.model for request in fake_workers_ai.requests] == [WAN]
    skipped = [("google/imagen-4", "DEPRECATED"), (QWEN, "TOO_EXPENSIVE")]
    assert await made(app, image["id"]) == (WAN, skipped, 0.03)
    (refused,) = (await app.generate(model=QWEN, models=[WAN], maxCost=0.02))["userErrors"]
    assert (refused["code"], refused["path"]) == ("MAX_COST_EXCEEDED", ["input", "maxCost"])


@pytest.mark.parametrize("model", [SDXL, None])
async def test_the_first_of_the_models_generates_the_image(
    app: RunningApp, model: str | None
) -> None:
    image = await app.image(model=model, models=[SDXL, WAN])
    assert await made(app, image["id"]) == (SDXL, [], image["cost"])


async def test_errors_name_the_model_that_has_them(app: RunningApp) -> None:
    payload = await app.generate(model=FLUX, models=[SDXL, "no/model"], negativePrompt="people")
    assert [(one["path"][1:], one["code"]) for one in payload["userErrors"]] == [
        (["models", "1"], "MODEL_NOT_FOUND"),
        (["negativePrompt"], "NOT_SUPPORTED"),
    ]
    assert payload["userErrors"][1]["message"].startswith(f"{FLUX}: ")
    (both,) = (await app.generate(model=FLUX, models=[SDXL], prompt="ab"))["userErrors"]
    assert both["message"].startswith("Prompt")
    (many,) = (await app.generate(models=[SDXL, FLUX, WAN, QWEN, "a/b"]))["userErrors"][-1:]
    assert many["code"] == "MODEL_NOT_FOUND"
    (many,) = (await app.generate(models=[SDXL, QWEN, WAN, "a/b", "a/c"]))["userErrors"]
    assert (many["code"], many["path"]) == ("TOO_MANY", ["input", "models"])


async def test_the_error_of_all_is_the_one_that_passes(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.next(prompt_refused(), out_of_capacity(), prompt_refused())
    given = {"model": SDXL, "models": [FLUX, WAN], "idempotencyKey": "k"}
    (failed,) = (await app.generate(**given))["userErrors"]
    assert (failed["code"], failed["retryable"]) == ("GENERATION_FAILED", True)
    assert failed["message"].startswith(f"None of the 3 models generated the image. {FLUX}: ")
    assert (await app.ask(TOTAL))["costAnalytics"]["totalCost"] == 0
    assert (await app.image(**given))["model"]["id"] == SDXL


async def test_a_key_does_not_remember_a_refusal_where_another_seed_may_give_an_image(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.next(prompt_refused(), image_flagged(), prompt_refused())
    given = {"model": SDXL, "models": [WAN], "idempotencyKey": "k"}
    (failed,) = (await app.generate(**given))["userErrors"]
    assert failed["code"] == "IMAGE_FLAGGED"
    assert (await app.image(**given))["model"]["id"] == WAN


async def test_no_model_follows_one_that_may_have_been_billed(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.next(server_error_page(504))
    (failed,) = (await app.generate(model=WAN, models=[FLUX]))["userErrors"]
    assert (failed["code"], len(fake_workers_ai.requests)) == ("GENERATION_FAILED", 1)


async def test_the_most_expensive_model_is_reserved_and_estimated(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    estimate = """query ($input: GenerateImageInput!) { costEstimate(input: {image: $input}) {
      estimate { cost isMaximum } } }"""
    given = {"prompt": "A red fox", "model": SDXL, "models": [WAN]}
    found = (await app.ask(estimate, input=given))["costEstimate"]["estimate"]
    assert found == {"cost": 0.03, "isMaximum": True}
    await app.ask("mutation { setBudget(input: {limit: 0.02, period: MONTHLY}) { __typename } }")
    (refused,) = (await app.generate(**given))["userErrors"]
    assert (refused["code"], fake_workers_ai.requests) == ("BUDGET_EXCEEDED", [])


async def test_an_image_that_waits_at_its_provider_is_the_model_s_that_generated_it(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.next(out_of_capacity())
    fake_workers_ai.file_replies.append(Reply(body=b"", status=503))
    (pending,) = (await app.generate(model=QWEN, models=[WAN], idempotencyKey="k"))["userErrors"]
    assert pending["code"] == "GENERATION_PENDING"
    async with app.services.database.write() as connection:
        await connection.execute(
            update(RemoteImageRow).values(next_try_at=now() - timedelta(seconds=1))
        )
    await finish_late_images(app.services)
    again = await app.image(model=QWEN, models=[WAN], idempotencyKey="k")
    assert again["id"] == pending["imageId"]
    assert await made(app, again["id"]) == (WAN, [(QWEN, "OUT_OF_CAPACITY")], 0.03)
    assert len(fake_workers_ai.requests) == 2


async def test_stored_bytes_are_finished_as_the_image_of_the_model_that_generated_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    given: dict[str, Any] = {"model": SDXL, "models": [WAN], "idempotencyKey": "k"}
    fake_workers_ai.next(out_of_capacity())
    settings = workers_ai_settings(fake_workers_ai)
    stored = asyncio.Event()

    async def dies(*_given: object, **_more: object) -> None:
        stored.set()
        await asyncio.get_running_loop().create_future()

    async with running_app(tmp_path, {**settings, "shutdown_timeout": 0}) as app:
        with monkeypatch.context() as patch:
            patch.setattr("gql_server.generation.produce.save_row", dies)
            request = asyncio.create_task(app.generate(**given))
            await stored.wait()
            request.cancel()
    async with running_app(tmp_path, settings) as app:
        image = await app.image(**given)
        assert await made(app, image["id"]) == (WAN, [(SDXL, "OUT_OF_CAPACITY")], 0.03)
        assert (await app.ask(TOTAL))["costAnalytics"]["totalCost"] == 0.03
    assert len(fake_workers_ai.requests) == 2


async def test_a_template_has_models_for_requests_that_name_none(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    create = """mutation ($input: CreateTemplateInput!) { createTemplate(input: $input) {
      template { id models { id } } userErrors { path code message } } }"""
    given = {"name": "T", "model": SDXL, "models": [WAN]}
    template = (await app.ask(create, input=given))["createTemplate"]["template"]
    assert template["models"] == [{"id": WAN}]
    fake_workers_ai.next(out_of_capacity())
    image = await app.image(model=None, templateId=template["id"])
    assert await made(app, image["id"]) == (WAN, [(SDXL, "OUT_OF_CAPACITY")], 0.03)
    fake_workers_ai.next(out_of_capacity())
    payload = await app.generate(model=SDXL, templateId=template["id"])
    assert payload["userErrors"][0]["code"] == "GENERATION_FAILED"
    wrong = {**given, "models": ["no/model", FLUX], "parameters": {"negativePrompt": "people"}}
    errors = (await app.ask(create, input=wrong))["createTemplate"]["userErrors"]
    assert [one["path"][1:] for one in errors] == [
        ["models", "0"],
        ["parameters", "negativePrompt"],
    ]
    change = """mutation ($input: UpdateTemplateInput!) { updateTemplate(input: $input) {
      template { models { id } } } }"""
    changed = await app.ask(change, input={"id": template["id"], "models": []})
    assert changed["updateTemplate"]["template"]["models"] == []


async def test_rest_names_the_models_and_those_that_were_skipped(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.next(out_of_capacity())
    given = {"prompt": "A red fox", "model": SDXL, "models": [WAN]}
    image = (await app.client.post("/api/generate", json=given)).json()
    assert (image["model"], image["cost"]) == (WAN, 0.03)
    assert image["skipped_models"] == [{"model": SDXL, "reason": "out_of_capacity"}]
