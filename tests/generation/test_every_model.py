"""One picture of each model, through the stand-in, into PostgreSQL and R2."""

from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from gql_server.inference.catalogue import load_catalogue
from tests.support.running_app import RunningApp, png
from tests.support.s3 import S3Server
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the reference says of a picture of a model."""

    model: str
    settings: dict[str, Any] = field(default_factory=dict)
    sources: int = 0
    mask: bool = False
    size: tuple[int, int]
    extension: str
    cost: float
    provider_cost: float
    neurons: float


# Costs are worked out by hand from ../shared/reference/workers-ai.md.
EVERY_MODEL = [
    Expected(
        model="@cf/black-forest-labs/flux-1-schnell",
        size=(1024, 1024),
        extension="jpg",
        cost=0.01,
        provider_cost=0.0006336,
        neurons=57.6,
    ),
    Expected(
        model="@cf/black-forest-labs/flux-2-dev",
        settings={"width": 1024, "height": 1024, "steps": 10},
        sources=2,
        size=(1024, 1024),
        extension="jpg",
        cost=0.0206,
        provider_cost=0.0206,
        neurons=1875.0,
    ),
    Expected(
        model="@cf/black-forest-labs/flux-2-klein-4b",
        sources=1,
        size=(1024, 768),
        extension="jpg",
        cost=0.001207,
        provider_cost=0.001207,
        neurons=109.57,
    ),
    Expected(
        model="@cf/black-forest-labs/flux-2-klein-9b",
        settings={"width": 1920, "height": 1024},
        size=(1920, 1024),
        extension="jpg",
        cost=0.017,
        provider_cost=0.017,
        neurons=1545.46,
    ),
    Expected(
        model="@cf/leonardo/lucid-origin",
        size=(1120, 1120),
        extension="jpg",
        cost=0.0663,
        provider_cost=0.0663,
        neurons=6024.0,
    ),
    Expected(
        model="@cf/leonardo/phoenix-1.0",
        settings={"negativePrompt": "blur"},
        size=(1024, 1024),
        extension="jpg",
        cost=0.02607,
        provider_cost=0.02607,
        neurons=2370.0,
    ),
    Expected(
        model="@cf/stabilityai/stable-diffusion-xl-base-1.0",
        size=(1024, 1024),
        extension="png",
        cost=0.02,
        provider_cost=0,
        neurons=0,
    ),
    Expected(
        model="@cf/bytedance/stable-diffusion-xl-lightning",
        settings={"steps": 8},
        size=(1024, 1024),
        extension="jpg",
        cost=0,
        provider_cost=0,
        neurons=0,
    ),
    Expected(
        model="@cf/lykon/dreamshaper-8-lcm",
        settings={"width": 768, "height": 512},
        size=(768, 512),
        extension="png",
        cost=0,
        provider_cost=0,
        neurons=0,
    ),
    Expected(
        model="@cf/runwayml/stable-diffusion-v1-5-img2img",
        settings={"strength": 0.5},
        sources=1,
        size=(512, 512),
        extension="png",
        cost=0,
        provider_cost=0,
        neurons=0,
    ),
    Expected(
        model="@cf/runwayml/stable-diffusion-v1-5-inpainting",
        sources=1,
        mask=True,
        size=(512, 512),
        extension="png",
        cost=0,
        provider_cost=0,
        neurons=0,
    ),
]


@pytest.mark.parametrize("expected", EVERY_MODEL, ids=lambda expected: expected.model)
async def test_an_image_is_generated_stored_and_charged(
    production: RunningApp, fake_workers_ai: FakeWorkersAI, s3: S3Server, expected: Expected
) -> None:
    image_input: dict[str, Any] = {"model": expected.model, "seed": 7, **expected.settings}
    image_input["sourceImageIds"] = [
        (await production.upload(png(900, 700)))["sourceImage"]["id"]
        for _ in range(expected.sources)
    ]
    if expected.mask:
        image_input["maskImageId"] = (await production.upload(png(300, 300)))["sourceImage"]["id"]

    image = await production.image(**image_input)

    assert (image["width"], image["height"]) == expected.size
    assert image["r2Key"] == f"generated/{image['id']}.{expected.extension}"
    assert image["cost"] == expected.cost
    assert image["providerCost"] == expected.provider_cost
    assert image["neurons"] == expected.neurons
    assert not image["isPreview"]
    (call,) = fake_workers_ai.requests
    assert call.refusal is None

    kept = s3.head(str(production.settings.r2_bucket), image["r2Key"])
    assert kept["ContentLength"] == image["sizeBytes"]
    assert kept["ContentType"] == image["contentType"]
    assert kept["CacheControl"] == "public, max-age=31536000, immutable"
    assert kept["Metadata"]["image-id"] == image["id"]
    assert kept["Metadata"]["seed"] == "7"
    assert int(kept["Metadata"]["cost"]) == round(expected.cost * 1_000_000_000)

    async with httpx.AsyncClient() as browser:
        signed = await browser.get(image["r2Url"])
    assert signed.status_code == 200
    assert len(signed.content) == image["sizeBytes"]

    data = await production.ask("{ costAnalytics { totalCost totalImages providerCost neurons } }")
    assert data["costAnalytics"] == {
        "totalCost": expected.cost,
        "totalImages": 1,
        "providerCost": expected.provider_cost,
        "neurons": expected.neurons,
    }


def test_the_table_names_every_model_of_the_catalogue() -> None:
    assert [expected.model for expected in EVERY_MODEL] == [
        model.id for model in load_catalogue().models if model.id.startswith("@cf/")
    ]
