"""What is wrong with a request is told in full, before anything is spent."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from tests.support.running_app import FLUX, SDXL, RunningApp, png
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

DEV = "@cf/black-forest-labs/flux-2-dev"
KLEIN = "@cf/black-forest-labs/flux-2-klein-4b"
LUCID = "@cf/leonardo/lucid-origin"
PHOENIX = "@cf/leonardo/phoenix-1.0"
INPAINTING = "@cf/runwayml/stable-diffusion-v1-5-inpainting"
IMG2IMG = "@cf/runwayml/stable-diffusion-v1-5-img2img"

BAD_INPUTS: list[tuple[dict[str, Any], set[tuple[str, str]]]] = [
    ({"prompt": ""}, {("prompt", "TOO_SHORT")}),
    ({"prompt": "  a  "}, {("prompt", "TOO_SHORT")}),
    ({"prompt": "p" * 2049}, {("prompt", "TOO_LONG")}),
    ({"prompt": "a\u0000bc"}, {("prompt", "INVALID")}),
    ({"model": None}, {("model", "REQUIRED")}),
    ({"model": ""}, {("model", "MODEL_NOT_FOUND")}),
    ({"model": "@cf/invalid/model"}, {("model", "MODEL_NOT_FOUND")}),
    ({"templateId": "tpl_none"}, {("templateId", "TEMPLATE_NOT_FOUND")}),
    ({"templateId": "tpl_\u0000"}, {("templateId", "TEMPLATE_NOT_FOUND")}),
    ({"steps": 0}, {("steps", "OUT_OF_RANGE")}),
    ({"steps": 9}, {("steps", "OUT_OF_RANGE")}),
    ({"seed": -1}, {("seed", "OUT_OF_RANGE")}),
    ({"width": 512}, {("width", "NOT_SUPPORTED")}),
    ({"negativePrompt": "blur"}, {("negativePrompt", "NOT_SUPPORTED")}),
    ({"guidance": 2.0}, {("guidance", "NOT_SUPPORTED")}),
    ({"strength": 0.5}, {("strength", "NOT_SUPPORTED")}),
    ({"model": KLEIN, "steps": 4}, {("steps", "NOT_SUPPORTED")}),
    ({"model": DEV, "width": 255}, {("width", "OUT_OF_RANGE")}),
    ({"model": DEV, "height": 1928}, {("height", "OUT_OF_RANGE")}),
    ({"model": SDXL, "width": 1001}, {("width", "NOT_A_MULTIPLE")}),
    ({"model": SDXL, "steps": 21}, {("steps", "OUT_OF_RANGE")}),
    ({"model": SDXL, "strength": 0.5}, {("strength", "INVALID")}),
    ({"model": SDXL, "negativePrompt": "n" * 2049}, {("negativePrompt", "TOO_LONG")}),
    ({"model": SDXL, "negativePrompt": "\u0000"}, {("negativePrompt", "INVALID")}),
    ({"model": LUCID, "guidance": 10.1}, {("guidance", "OUT_OF_RANGE")}),
    ({"model": PHOENIX, "guidance": 1.9}, {("guidance", "OUT_OF_RANGE")}),
    ({"model": PHOENIX, "steps": 51}, {("steps", "OUT_OF_RANGE")}),
    ({"model": IMG2IMG}, {("sourceImageIds", "REQUIRED")}),
    ({"model": INPAINTING}, {("sourceImageIds", "REQUIRED"), ("maskImageId", "REQUIRED")}),
    (
        {"sourceImageIds": ["img_none"]},
        {("sourceImageIds.0", "IMAGE_NOT_FOUND"), ("sourceImageIds", "NOT_SUPPORTED")},
    ),
    (
        {"model": SDXL, "maskImageId": "src_none"},
        {("maskImageId", "IMAGE_NOT_FOUND"), ("sourceImageIds", "REQUIRED")},
    ),
    (
        {"model": DEV, "sourceImageIds": ["src_none"] * 5},
        {("sourceImageIds", "TOO_MANY")}
        | {(f"sourceImageIds.{index}", "IMAGE_NOT_FOUND") for index in range(5)},
    ),
    (
        {"model": DEV, "maskImageId": "src_x"},
        {("maskImageId", "IMAGE_NOT_FOUND"), ("maskImageId", "NOT_SUPPORTED")},
    ),
    ({"maxCost": 0.009999999}, {("maxCost", "MAX_COST_EXCEEDED")}),
    ({"maxCost": 0}, {("maxCost", "MAX_COST_EXCEEDED")}),
    ({"maxCost": -0.01}, {("maxCost", "OUT_OF_RANGE")}),
    ({"tags": ["x"] * 21}, {("tags", "TOO_MANY")}),
    ({"tags": ["", "t" * 65]}, {("tags.0", "TOO_SHORT"), ("tags.1", "TOO_LONG")}),
    ({"metadata": [1]}, {("metadata", "INVALID")}),
    ({"metadata": {"m": "m" * 17000}}, {("metadata", "TOO_LONG")}),
    ({"metadata": {"m": "\u0000"}}, {("metadata", "INVALID")}),
    (
        {
            "prompt": "x",
            "model": SDXL,
            "width": 100,
            "height": 4096,
            "steps": 99,
            "guidance": -1.0,
            "seed": -5,
            "tags": [" "],
        },
        {
            ("prompt", "TOO_SHORT"),
            ("width", "OUT_OF_RANGE"),
            ("height", "OUT_OF_RANGE"),
            ("steps", "OUT_OF_RANGE"),
            ("guidance", "OUT_OF_RANGE"),
            ("seed", "OUT_OF_RANGE"),
            ("tags.0", "TOO_SHORT"),
        },
    ),
]


async def test_every_error_is_reported_with_its_path_and_nothing_is_spent(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    for image_input, expected in BAD_INPUTS:
        payload = await app.generate(**image_input)
        errors = {(".".join(error["path"][1:]), error["code"]) for error in payload["userErrors"]}
        assert errors == expected, image_input
        assert all(len(error["message"]) > 10 for error in payload["userErrors"])
        assert payload["image"] is None
    assert fake_workers_ai.requests == []
    data = await app.ask("{ images { totalCount } costAnalytics { totalImages } }")
    assert data == {"images": {"totalCount": 0}, "costAnalytics": {"totalImages": 0}}


async def test_the_messages_of_the_reference_are_kept(app: RunningApp) -> None:
    payload = await app.generate(prompt="ab")
    assert payload["userErrors"][0]["message"] == "Prompt must be at least 3 characters"


async def test_what_costs_no_more_than_its_limit_is_made(app: RunningApp) -> None:
    assert (await app.image(maxCost=0.01))["cost"] == 0.01
    assert (await app.image(model=PHOENIX, maxCost=0.02607))["cost"] == 0.02607
    data = await app.ask(
        """query E($input: CostEstimateInput!) { costEstimate(input: $input) {
          estimate { cost }
          userErrors { message path ... on MaxCostExceeded { cost maxCost } }
        } }""",
        input={"image": {"prompt": "A fox", "model": PHOENIX, "maxCost": 0.02606}},
    )
    assert data["costEstimate"] == {
        "estimate": None,
        "userErrors": [
            {
                "message": (
                    "This would cost $0.02607, more than the maximum of the request, "
                    "$0.02606. Request less, or raise the maximum."
                ),
                "path": ["input", "image", "maxCost"],
                "cost": 0.02607,
                "maxCost": 0.02606,
            }
        ],
    }


async def test_a_deleted_image_is_no_source(app: RunningApp) -> None:
    image = await app.image(model=FLUX)
    await app.ask(
        "mutation D($id: ID!) { deleteImage(input: {id: $id}) { userErrors { code } } }",
        id=image["id"],
    )
    payload = await app.generate(model=SDXL, sourceImageIds=[image["id"]])
    assert [error["code"] for error in payload["userErrors"]] == ["IMAGE_NOT_FOUND"]


async def test_a_file_that_is_no_image_is_refused(app: RunningApp) -> None:
    for data in (b"", b"GIF89a", b"<html></html>", png(64, 64)[:60], b"\x00" * 1000):
        payload = await app.upload(data)
        assert payload["sourceImage"] is None
        (error,) = payload["userErrors"]
        assert (error["code"], error["path"]) == ("INVALID", ["input", "file"])


async def test_a_file_that_is_too_large_is_refused(app: RunningApp) -> None:
    payload = await app.upload(png(8, 8) + b"\x00" * (20 * 1024 * 1024))
    assert [error["code"] for error in payload["userErrors"]] == ["TOO_LONG"]


async def test_a_file_of_too_many_pixels_is_refused(app: RunningApp) -> None:
    file = BytesIO()
    Image.new("1", (6000, 5000)).save(file, "PNG")
    payload = await app.upload(file.getvalue())
    (error,) = payload["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", ["input", "file"])
    assert "pixels" in error["message"]


async def test_an_upload_without_its_file_is_reported(app: RunningApp) -> None:
    data = await app.ask(
        """mutation U($file: Upload!) {
          uploadSourceImage(input: {file: $file}) { userErrors { code path } }
        }""",
        file="not a file",
    )
    assert data["uploadSourceImage"]["userErrors"] == [
        {"code": "INVALID", "path": ["input", "file"]}
    ]
