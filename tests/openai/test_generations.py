"""POST /v1/images/generations: images, sizes, settings, streams, and what fails."""

from typing import Any

import pytest

from gql_server.domain.budgets import BudgetPeriod, BudgetScope
from gql_server.ledger.budgets.budgets import BudgetRequest
from tests.openai.calls import GENERATIONS, SMALL, ask, decoded, error, events
from tests.support.running_app import FLUX, RunningApp, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import error as provider_error

pytestmark = pytest.mark.anyio

IMAGE = """query ($id: ID!) { image(id: $id) {
  prompt cost userId metadata model { id } parameters { width height seed } } }"""
LIGHTNING = "@cf/bytedance/stable-diffusion-xl-lightning"


async def stored(user: RunningApp, image_id: str) -> dict[str, Any]:
    image: dict[str, Any] = (await user.ask(IMAGE, id=image_id))["image"]
    return image


async def test_an_image_is_generated_stored_and_returned(user: RunningApp) -> None:
    response = await user.client.post(
        GENERATIONS, json=SMALL | {"user": "end-user-1", "seed": 7, "moderation": "auto"}
    )
    assert response.status_code == 200, response.text
    answer = response.json()
    (picture,) = answer["data"]
    image = decoded(picture)
    assert (image.size, image.format, answer["size"]) == ((256, 256), "PNG", "256x256")
    assert answer["output_format"] == "png"
    assert answer["safety_identifier"] == "end-user-1"
    assert answer["usage"]["total_tokens"] == 0
    assert "image-size-adjusted" not in response.headers
    assert "ignored-parameters" not in response.headers
    assert len(response.headers["x-request-id"]) == 32
    kept = await stored(user, picture["id"])
    assert kept["model"]["id"] == LIGHTNING
    assert kept["metadata"] == {"user": "end-user-1"}
    assert kept["parameters"] == {"width": 256, "height": 256, "seed": 7}
    assert float(response.headers["image-cost"]) == kept["cost"]


async def test_several_images_have_other_seeds_and_addresses(user: RunningApp) -> None:
    body = SMALL | {"n": 3, "response_format": "url", "seed": 5}
    answer = await ask(user, json=body)
    seeds = [(await stored(user, one["id"]))["parameters"]["seed"] for one in answer["data"]]
    assert seeds == [5, 6, 7]
    for one in answer["data"]:
        assert set(one) == {"id", "url"}
        file = await user.client.get(one["url"], headers={"Authorization": ""})
        assert file.headers["content-type"] == "image/png"


async def test_the_nearest_size_is_made_and_reported(user: RunningApp) -> None:
    fixed = {"prompt": "A red fox", "model": FLUX, "size": "1792x1024", "response_format": "url"}
    response = await user.client.post(GENERATIONS, json=fixed)
    assert response.headers["image-size-adjusted"] == "1792x1024 to 1024x1024"
    assert response.json()["size"] == "1024x1024"
    response = await user.client.post(GENERATIONS, json=fixed | {"size": "auto"})
    assert "image-size-adjusted" not in response.headers
    small = SMALL | {"size": "100x100", "response_format": "url"}
    response = await user.client.post(GENERATIONS, json=small)
    assert response.headers["image-size-adjusted"] == "100x100 to 256x256"
    other = SMALL | {"prompt": "[preview:size 300x200]", "response_format": "url"}
    response = await user.client.post(GENERATIONS, json=other)
    assert response.headers["image-size-adjusted"] == "256x256 to 300x200"


async def test_parameters_that_a_model_has_no_setting_for_are_reported(user: RunningApp) -> None:
    body = SMALL | {
        "quality": "hd",
        "style": "vivid",
        "background": "opaque",
        "output_format": "webp",
        "output_compression": 80,
        "partial_images": 2,
        "response_format": "url",
    }
    response = await user.client.post(GENERATIONS, json=body)
    ignored = set(response.headers["ignored-parameters"].split(", "))
    assert ignored == {"quality", "style", "output_format", "output_compression"}
    assert response.json()["output_format"] == "png"


async def test_settings_that_a_model_has_are_used(user: RunningApp) -> None:
    body = {
        "prompt": "A red fox",
        "model": "gpt-image-1.5",
        "quality": "hd",
        "style": "natural",
        "n": None,
        "response_format": "url",
    }
    answer = await ask(user, json=body)
    assert answer["quality"] == "high"
    refused = await error(user, GENERATIONS, 400, json=body | {"background": "transparent"})
    assert (refused["param"], refused["code"]) == ("background", "unsupported_parameter")
    for file_format in ("gif", "svg"):
        refused = await error(user, GENERATIONS, 400, json=body | {"output_format": file_format})
        assert (refused["param"], refused["code"]) == ("output_format", "unsupported_value")
    vector = {"prompt": "A red fox", "model": "recraft/recraftv4-vector", "output_format": "svg"}
    drawn = await user.client.post(GENERATIONS, json=vector)
    assert drawn.status_code == 200, drawn.text
    assert "ignored-parameters" not in drawn.headers


async def test_a_stream_has_an_event_for_each_image(user: RunningApp) -> None:
    body = SMALL | {"stream": True, "n": 2, "partial_images": 1, "size": "200x200"}
    response = await user.client.post(GENERATIONS, json=body)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["image-size-adjusted"] == "200x200 to 256x256"
    found = events(response.text)
    assert [name for name, _ in found] == ["image_generation.completed"] * 2
    for name, event in found:
        assert event["type"] == name
        assert decoded(event).size == (256, 256)
        assert {"created_at", "size", "quality", "background", "output_format", "usage"} <= {*event}
        assert (await stored(user, event["id"]))["prompt"] == SMALL["prompt"]


async def test_a_stream_that_cannot_start_is_refused_and_a_late_error_is_an_event(
    user: RunningApp,
) -> None:
    refused = await error(user, GENERATIONS, 400, json=SMALL | {"stream": True, "prompt": "A"})
    assert refused["param"] == "prompt"
    late = SMALL | {"stream": True, "prompt": "[preview:slow 2] [preview:fail]"}
    response = await user.client.post(GENERATIONS, json=late)
    ((name, event),) = events(response.text)
    assert (response.status_code, name, event["type"]) == (200, "error", "error")
    assert event["error"]["code"] == "image_generation_failed"


async def test_images_that_fail_leave_the_others(
    tmp_path_factory: pytest.TempPathFactory, fake_workers_ai: FakeWorkersAI
) -> None:
    settings = workers_ai_settings(fake_workers_ai)
    async with running_app(tmp_path_factory.mktemp("partial"), settings) as app:
        fake_workers_ai.next(provider_error(5006, 400))
        response = await app.client.post(GENERATIONS, json=SMALL | {"n": 3})
        answer = response.json()
        assert (response.status_code, len(answer["data"])) == (200, 2)
        assert response.headers["failed-images"] == "1"
        (failed,) = answer["errors"]
        assert failed["code"] == "image_generation_failed"
        count = "{ costAnalytics { totalImages } }"
        assert (await app.ask(count))["costAnalytics"]["totalImages"] == 2
        await it_is_billed_by_tokens(app)
        await a_budget_is_a_quota(app)


async def it_is_billed_by_tokens(app: RunningApp) -> None:
    body = {"prompt": "A red fox", "model": "gpt-image-2", "response_format": "url"}
    headers = {"Idempotency-Key": "tokens"}
    usage = (await ask(app, json=body, headers=headers))["usage"]
    assert usage["output_tokens"] == usage["output_tokens_details"]["image_tokens"] > 0
    assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
    assert "usage" not in await ask(app, json=body, headers=headers)


async def a_budget_is_a_quota(app: RunningApp) -> None:
    budget = BudgetRequest(
        limit=0.001,
        period=BudgetPeriod.DAILY,
        scope=BudgetScope.USER,
        subject_id="default_user",
        is_hard=True,
    )
    await app.services.budgets.set(budget)
    paid = {"prompt": "A red fox", "model": FLUX}
    for extra in ({}, {"n": 2}, {"stream": True}):
        response = await app.client.post(GENERATIONS, json=paid | extra)
        assert response.status_code == 429
        assert response.headers["x-should-retry"] == "false"
        found = response.json()["error"]
        assert (found["type"], found["code"]) == ("insufficient_quota", "insufficient_quota")
