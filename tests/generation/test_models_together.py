"""Models of several makers: in one batch, in a template, over REST, and as previews."""

import asyncio
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.support.running_app import RunningApp, png, running_app, workers_ai_settings
from tests.support.waiting import WAIT_SECONDS
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

MAKERS: list[dict[str, Any]] = [
    {"model": "alibaba/wan-2.6-image"},
    {"model": "google/nano-banana-2", "aspectRatio": "3:4", "parameters": {"resolution": "2K"}},
    {"model": "openai/gpt-image-2", "quality": "low"},
    {"model": "recraft/recraftv4-vector"},
    {"model": "xai/grok-imagine-image", "parameters": {"resolution": "2k"}},
]
SENT: list[dict[str, Any]] = [
    {"size": "1024x1024"},
    {"aspect_ratio": "3:4", "resolution": "2K"},
    {"size": "1024x1024", "quality": "low", "output_format": "png"},
    {"size": "1024x1024"},
    {"resolution": "2k", "response_format": "b64_json"},
]
LOW_QUALITY = (9 + 64) * 0.000005 + 272 * 0.00003
"""The most that an image of low quality can cost: the stand-in counts more tokens than that."""

BATCH = """mutation($input: GenerateBatchInput!) { generateBatch(input: $input) {
  batch { id } userErrors { message path } } }"""
ENDED = """query($id: ID!) { batch(id: $id) { finishedAt succeeded cost
  items(first: 10) { edges { node { image {
    cost parameters { aspectRatio quality parameters } } } } } } }"""


async def test_a_batch_over_five_makers(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> None:
    items = [{"prompt": "A red fox", **item} for item in MAKERS]
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai), runs_jobs=True) as app:
        payload = (await app.ask(BATCH, input={"pictures": {"items": items}}))["generateBatch"]
        assert payload["userErrors"] == []
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                batch = (await app.ask(ENDED, id=payload["batch"]["id"]))["batch"]
                if batch["finishedAt"] is not None:
                    break
                await asyncio.sleep(0.1)
    assert batch["succeeded"] == len(MAKERS)
    images = [edge["node"]["image"] for edge in batch["items"]["edges"]]
    costs = [0.03, 0.067206, round(LOW_QUALITY, 9), 0.08, 0.02]
    assert [image["cost"] for image in images] == costs
    assert batch["cost"] == round(sum(costs), 9)
    made = [image["parameters"] for image in images]
    assert made[1] == {
        "aspectRatio": "3:4",
        "quality": None,
        "parameters": {"resolution": "2K"},
    }
    sent = {call.model: call.parameters for call in fake_workers_ai.requests}
    assert len(fake_workers_ai.requests) == len(MAKERS)
    assert sent == {item["model"]: given for item, given in zip(MAKERS, SENT, strict=True)}


async def test_a_template_keeps_a_models_own_settings(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    create = """mutation($input: CreateTemplateInput!) { createTemplate(input: $input) {
      template { id parameters { aspectRatio parameters } } userErrors { path message } } }"""
    settings = {"aspectRatio": "1:2", "parameters": {"resolution": "2k"}}
    given = {"name": "T", "model": "xai/grok-imagine-image", "parameters": settings}
    saved = (await app.ask(create, input=given))["createTemplate"]["template"]
    assert saved["parameters"] == settings
    await app.image(model=None, templateId=saved["id"])
    (call,) = fake_workers_ai.requests
    assert call.parameters.items() >= {"aspect_ratio": "1:2", "resolution": "2k"}.items()

    wrong = {**given, "parameters": {"parameters": {"resolution": "8k"}}}
    (error,) = (await app.ask(create, input=wrong))["createTemplate"]["userErrors"]
    assert error["path"] == ["input", "parameters", "parameters", "resolution"]


async def test_rest_has_the_same_settings(app: RunningApp, fake_workers_ai: FakeWorkersAI) -> None:
    body = {
        "prompt": "A red fox",
        "model": "google/nano-banana",
        "aspect_ratio": "16:9",
        "parameters": {"image_size": "4K"},
    }
    response = await app.client.post("/api/generate", json=body)
    assert response.status_code == 201, response.text
    assert fake_workers_ai.requests[0].parameters == {"aspect_ratio": "16:9", "image_size": "4K"}
    body["parameters"] = {"image_size": "8K"}
    refused = await app.client.post("/api/generate", json=body)
    assert refused.status_code == 400
    assert refused.json()["details"]["field"] == "parameters.image_size"
    models = {model["id"]: model for model in (await app.client.get("/api/models")).json()}
    assert models["google/nano-banana"]["parameters"]["image_size"]["enum"] == ["1K", "2K", "4K"]


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({"model": "openai/gpt-image-2", "width": 1536, "height": 1024}, (1536, 1024)),
        ({"model": "google/nano-banana-2", "aspectRatio": "1:1"}, (1024, 1024)),
        ({"model": "google/nano-banana", "parameters": {"image_size": "2K"}}, (2048, 2048)),
        ({"model": "krea/krea-2-large", "aspectRatio": "2.35:1"}, (1568, 672)),
        ({"model": "bria/remove-background", "prompt": "", "source": True}, (600, 400)),
        ({"model": "pruna/p-image-upscale", "prompt": "", "source": True}, (2448, 1632)),
        ({"model": "recraft/recraftv4-pro-vector"}, (2048, 2048)),
    ],
    ids=lambda value: value["model"] if isinstance(value, dict) else "",
)
async def test_a_preview_has_the_size_that_the_model_would_make(
    tmp_path: Path, given: dict[str, Any], size: tuple[int, int]
) -> None:
    async with running_app(tmp_path) as app:
        if given.get("source"):
            upload = (await app.upload(png(600, 400)))["sourceImage"]["id"]
            given = {**given, "sourceImageIds": [upload]}
        image = await app.image(**{name: one for name, one in given.items() if name != "source"})
        data = (await app.client.get(image["url"])).content
    with Image.open(BytesIO(data)) as picture:
        assert picture.size == size
