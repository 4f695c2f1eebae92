"""One image of each model of another provider: what is sent, what is made, what it costs."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from gql_server.inference.catalogue import load_catalogue
from tests.support.running_app import RunningApp, png
from tests.support.third_party_models import THIRD_PARTY
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

BASE64, DATA = "(base64)", "(data URI)"
SQUARE = (1024, 1024)


@dataclass(frozen=True, kw_only=True)
class Expected:
    sent: dict[str, Any]
    """The input without its prompt; a seed stands as 7."""

    cost: float
    """By hand from ../shared/reference/third-party-models.md."""

    settings: dict[str, Any] = field(default_factory=dict)
    sources: int = 0
    size: tuple[int, int] = SQUARE
    prompt: str = "A fox"
    content_type: str = "image/jpeg"


SEED = {"seed": 7}
KONTEXT = {"aspect_ratio": "1:1", "output_format": "jpeg", "prompt_upsampling": False, **SEED}
FLUX_2 = {"width": 1024, "height": 1024, "output_format": "jpeg", "safety_tolerance": 2, **SEED}
KREA = {"aspect_ratio": "1:1", "resolution": "1K", "creativity": "low", **SEED}
XAI = {"response_format": "b64_json"}
GPT = {"size": "1024x1024", "quality": "medium", "output_format": "png"}
SMALL, LARGE = {"size": "1024x1024"}, {"size": "2048x2048"}


def _recraft(cost: float, side: int, content_type: str = "image/jpeg") -> Expected:
    return Expected(
        sent={"size": f"{side}x{side}"}, cost=cost, size=(side, side), content_type=content_type
    )


SVG = "image/svg+xml"
EXPECTED = {
    "alibaba/qwen-image-3.0-pro": Expected(
        settings={"width": 1536, "height": 1024},
        sent={"size": "1536x1024", "watermark": False, **SEED},
        size=(1536, 1024),
        cost=0.07,
    ),
    "alibaba/wan-2.6-image": Expected(sent=SMALL, cost=0.03),
    "black-forest-labs/flux-1-kontext-pro": Expected(
        sources=1, sent={"input_image": BASE64, **KONTEXT}, cost=0.04
    ),
    "black-forest-labs/flux-1-kontext-max": Expected(
        settings={"aspectRatio": "7:3"}, sent={**KONTEXT, "aspect_ratio": "7:3"}, cost=0.08
    ),
    "black-forest-labs/flux-2-pro-preview": Expected(
        settings={"width": 1536, "height": 1024},
        sources=2,
        sent={**FLUX_2, "width": 1536, "input_images": [DATA, DATA]},
        size=(1536, 1024),
        cost=0.03 + 0.015 + 2 * 0.015,
    ),
    "black-forest-labs/flux-2-max": Expected(sent=FLUX_2, cost=0.07),
    "black-forest-labs/flux-2-flex": Expected(
        settings={"steps": 30, "guidance": 4.5, "parameters": {"prompt_upsampling": False}},
        sent={**FLUX_2, "steps": 30, "guidance": 4.5, "prompt_upsampling": False},
        cost=0.05,
    ),
    "bria/fibo-generate-1.5": Expected(
        settings={"parameters": {"resolution": "4MP"}},
        sent={"resolution": "4MP", **SEED},
        cost=0.03,
    ),
    "bria/fibo-edit-1.5": Expected(
        settings={"outputFormat": "png"},
        sources=2,
        sent={"images": [BASE64, BASE64], "output_type": "png", **SEED},
        cost=0.03,
    ),
    "bria/remove-background": Expected(
        prompt="",
        sources=1,
        sent={"image": BASE64, "preserve_alpha": True},
        size=(600, 400),
        cost=0.018,
    ),
    "bytedance/seedream-4.0": Expected(
        settings={"width": 2048, "height": 1024},
        sent={"width": 2048, "height": 1024, "size": "custom"},
        size=(2048, 1024),
        cost=0.03,
    ),
    "bytedance/seedream-4.5": Expected(
        settings={"aspectRatio": "match_input_image"},
        sources=1,
        sent={"size": "2K", "aspect_ratio": "match_input_image", "image_input": [DATA]},
        cost=0.04,
    ),
    "bytedance/seedream-5-lite": Expected(sent={"size": "2K", "output_format": "png"}, cost=0.035),
    "bytedance/seedream-5-pro": Expected(
        sources=2,
        sent={**LARGE, "watermark": False, "image": [DATA, DATA]},
        size=(2048, 2048),
        cost=0.045 + 2 * 0.03,
    ),
    # 12 tokens in and 1120 out, as the answer says.
    "google/nano-banana": Expected(sent={"image_size": "1K"}, cost=0.0336036),
    "google/nano-banana-pro": Expected(sent={"image_size": "1K"}, cost=0.134424),
    "google/nano-banana-2": Expected(
        settings={"parameters": {"google_search": True}},
        sent={"resolution": "1K", "google_search": True},
        cost=0.067206,
    ),
    "google/nano-banana-2-lite": Expected(sent={"resolution": "1K"}, cost=0.033603),
    "krea/krea-2-large": Expected(
        settings={"parameters": {"image_style_references": [{"url": "https://a.example/b.png"}]}},
        sent={**KREA, "image_style_references": [{"url": "https://a.example/b.png"}]},
        cost=0.065,
    ),
    "krea/krea-2-medium": Expected(
        settings={"parameters": {"moodboards": [{"id": "m"}]}},
        sent={**KREA, "moodboards": [{"id": "m"}]},
        cost=0.04,
    ),
    "krea/krea-2-medium-turbo": Expected(sent=KREA, cost=0.015),
    # 20 tokens in and 1000 out, as the answer says.
    "openai/gpt-image-1.5": Expected(
        settings={"width": 512, "height": 512, "parameters": {"style": "vivid"}},
        sent={"size": "512x512", "quality": "medium", "style": "vivid"},
        size=(512, 512),
        cost=0.0321,
    ),
    "openai/gpt-image-2": Expected(
        settings={"quality": "high", "background": "opaque"},
        sources=2,
        sent={**GPT, "quality": "high", "background": "opaque", "images": [DATA, DATA]},
        cost=0.0301,
    ),
    "openai/gpt-image-2.5-flare": Expected(sent=GPT, cost=0.0301),
    "openai/gpt-image-2.5-sunburst": Expected(sent=GPT, cost=0.0301),
    "pruna/p-image": Expected(
        settings={"width": 512, "height": 256},
        sent={
            "width": 512,
            "height": 256,
            "aspect_ratio": "custom",
            "prompt_upsampling": False,
            **SEED,
        },
        size=(512, 256),
        cost=0.005,
    ),
    "pruna/p-image-edit": Expected(
        sources=1,
        sent={"images": [DATA], "aspect_ratio": "match_input_image", "turbo": True, **SEED},
        cost=0.01,
    ),
    "pruna/p-image-try-on": Expected(
        prompt="",
        sources=2,
        sent={
            "person_image": DATA,
            "garment_images": [DATA],
            "output_format": "jpg",
            "output_quality": 95,
            "turbo": False,
            "preserve_input_size": True,
            **SEED,
        },
        size=(600, 400),
        cost=0.015 + 2 * 0.008,
    ),
    "pruna/p-image-upscale": Expected(
        prompt="",
        settings={"parameters": {"target": 9}},
        sources=1,
        sent={
            "image": DATA,
            "target": 9,
            "output_format": "jpg",
            "output_quality": 80,
            "enhance_details": False,
            "enhance_realism": False,
        },
        size=(600, 400),
        cost=0.02,
    ),
    "recraft/recraftv3": Expected(
        settings={"parameters": {"controls": {"colors": [{"rgb": [1, 2, 3]}]}}},
        sent={**SMALL, "controls": {"colors": [{"rgb": [1, 2, 3]}]}},
        cost=0.04,
    ),
    "recraft/recraftv4": _recraft(0.04, 1024),
    "recraft/recraftv4-pro": _recraft(0.25, 2048),
    "recraft/recraftv4-1": _recraft(0.04, 1024),
    "recraft/recraftv4-1-utility": _recraft(0.04, 1024),
    "recraft/recraftv4-1-pro": _recraft(0.25, 2048),
    "recraft/recraftv4-1-utility-pro": _recraft(0.25, 2048),
    "recraft/recraftv4-vector": _recraft(0.08, 1024, SVG),
    "recraft/recraftv4-1-vector": _recraft(0.08, 1024, SVG),
    "recraft/recraftv4-1-utility-vector": _recraft(0.08, 1024, SVG),
    "recraft/recraftv4-pro-vector": _recraft(0.3, 2048, SVG),
    "recraft/recraftv4-1-pro-vector": _recraft(0.3, 2048, SVG),
    "recraft/recraftv4-1-utility-pro-vector": _recraft(0.3, 2048, SVG),
    "xai/grok-imagine-image": Expected(
        sources=2,
        sent={**XAI, "images": [{"url": DATA}, {"url": DATA}]},
        cost=0.02 + 2 * 0.002,
    ),
    "xai/grok-imagine-image-2.0": Expected(
        settings={"aspectRatio": "19.5:9"}, sent={**XAI, "aspect_ratio": "19.5:9"}, cost=0.04
    ),
    "xai/grok-imagine-image-quality": Expected(
        settings={"parameters": {"resolution": "1k"}}, sent={**XAI, "resolution": "1k"}, cost=0.05
    ),
}


async def test_an_image_of_each_is_sent_made_and_charged(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    uploads = [(await app.upload(png(600, 400)))["sourceImage"]["id"] for _ in range(2)]
    for model_id, expected in EXPECTED.items():
        given = {"model": model_id, "prompt": expected.prompt, **expected.settings}
        if "seed" in expected.sent:
            given["seed"] = 7

        image = await app.image(**given, sourceImageIds=uploads[: expected.sources])

        call = fake_workers_ai.requests.pop()
        assert not fake_workers_ai.requests, f"{model_id} was called more than once"
        assert call.model == model_id
        assert call.prompt == (expected.prompt or None)
        assert shown(call.parameters) == expected.sent, model_id
        assert image["cost"] == image["providerCost"] == round(expected.cost, 9), model_id
        assert image["neurons"] == 0
        assert (image["width"], image["height"]) == expected.size, model_id
        assert image["contentType"] == expected.content_type


def shown(value: Any) -> Any:
    """Write image data as what it is."""
    match value:
        case dict():
            return {name: shown(one) for name, one in value.items()}
        case list():
            return [shown(one) for one in value]
        case str() if value.startswith("data:image/png;base64,"):
            return DATA
        case str() if len(value) > 100:
            return BASE64
    return value


def test_the_tables_name_every_model_of_another_provider() -> None:
    models = [model.id for model in load_catalogue().models if not model.id.startswith("@cf/")]
    assert list(EXPECTED) == models
    assert sorted(THIRD_PARTY) == sorted(models)


async def test_two_images_beside_a_mask_are_one_too_many(app: RunningApp) -> None:
    uploads = [(await app.upload(png(64, 64)))["sourceImage"]["id"] for _ in range(2)]
    payload = await app.generate(
        model="bria/fibo-edit-1.5", sourceImageIds=uploads, maskImageId=uploads[0]
    )
    (error,) = payload["userErrors"]
    assert (error["path"], error["code"]) == (["input", "sourceImageIds"], "TOO_MANY")


async def test_a_vector_image_is_served_so_that_nothing_in_it_runs(app: RunningApp) -> None:
    image = await app.image(model="recraft/recraftv4-vector")
    whole = await app.client.get(image["url"])
    assert whole.headers["content-type"] == "image/svg+xml"
    assert b"<script>" in whole.content  # stored as it came
    assert whole.headers["content-disposition"] == "attachment"
    policy = whole.headers["content-security-policy"]
    assert "sandbox" in policy
    assert "default-src 'none'" in policy
    small = (
        await app.ask("query($id: ID!) { image(id: $id) { url(width: 64) } }", id=image["id"])
    )["image"]["url"]
    rendition = await app.client.get(small)
    assert rendition.headers["content-type"] == "image/png"
