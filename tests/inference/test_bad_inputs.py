"""What models do not accept is refused with its path and how to fix it; nothing is spent."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.model import ParameterRule
from tests.support.running_app import RunningApp, png, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI


@pytest.fixture
async def app(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> AsyncIterator[RunningApp]:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai)) as running:
        yield running


UPSCALE = "pruna/p-image-upscale"

BAD_INPUTS: list[tuple[dict[str, Any], list[str], str | None, str | None]] = [
    # A choice, an aspect ratio (of a list, and within bounds), a range, a multiple.
    ({"model": "openai/gpt-image-2", "quality": "best"}, ["quality"], "OUT_OF_RANGE", "low"),
    ({"model": "openai/gpt-image-2", "background": "transparent"}, ["background"], None, None),
    (
        {"model": "google/nano-banana-2", "aspectRatio": "5:1"},
        ["aspectRatio"],
        "OUT_OF_RANGE",
        "21:9",
    ),
    (
        {"model": "black-forest-labs/flux-1-kontext-pro", "aspectRatio": "4:1"},
        ["aspectRatio"],
        "OUT_OF_RANGE",
        "from 3:7 to 7:3",
    ),
    (
        {"model": "black-forest-labs/flux-1-kontext-pro", "aspectRatio": "wide"},
        ["aspectRatio"],
        "INVALID",
        "such as 16:9",
    ),
    ({"model": "pruna/p-image", "width": 250, "height": 512}, ["width"], "OUT_OF_RANGE", None),
    ({"model": "pruna/p-image", "width": 264, "height": 512}, ["width"], "NOT_A_MULTIPLE", None),
    ({"model": "pruna/p-image", "width": 512}, ["height"], "REQUIRED", "together"),
    (
        {"model": "pruna/p-image", "width": 512, "height": 512, "aspectRatio": "1:1"},
        ["aspectRatio"],
        "INVALID",
        "not both",
    ),
    ({"model": "openai/gpt-image-2", "width": 800}, ["width"], "OUT_OF_RANGE", "1024x1536"),
    ({"model": "alibaba/wan-2.6-image", "seed": 7}, ["seed"], "NOT_SUPPORTED", None),
    ({"model": "xai/grok-imagine-image", "width": 512}, ["width"], "NOT_SUPPORTED", None),
    # Of a model's own settings: unknown, a flag, a tier, a number, a list, an object, a URL.
    (
        {"model": "xai/grok-imagine-image", "parameters": {"n": 2}},
        ["parameters", "n"],
        "NOT_SUPPORTED",
        "it supports resolution",
    ),
    (
        {"model": "xai/grok-imagine-image", "parameters": {"quality": "low"}},
        ["parameters", "quality"],
        "INVALID",
        "setting of its own",
    ),
    (
        {"model": "google/nano-banana-2", "parameters": {"google_search": "yes"}},
        ["parameters", "google_search"],
        "INVALID",
        "true or false",
    ),
    (
        {"model": "google/nano-banana-2", "parameters": {"resolution": "8K"}},
        ["parameters", "resolution"],
        "OUT_OF_RANGE",
        "1K, 2K, 4K",
    ),
    (
        {"model": "krea/krea-2-large", "parameters": {"movement": -101}},
        ["parameters", "movement"],
        "OUT_OF_RANGE",
        None,
    ),
    (
        {"model": "krea/krea-2-large", "parameters": {"movement": 1.5}},
        ["parameters", "movement"],
        "INVALID",
        "a whole number",
    ),
    (
        {"model": "krea/krea-2-large", "parameters": {"moodboards": [{"id": "a"}] * 2}},
        ["parameters", "moodboards"],
        "TOO_MANY",
        None,
    ),
    (
        {"model": "krea/krea-2-large", "parameters": {"styles": [{"strength": 1}]}},
        ["parameters", "styles", "0", "id"],
        "REQUIRED",
        None,
    ),
    (
        {
            "model": "krea/krea-2-large",
            "parameters": {"image_style_references": [{"url": "http://a.example/b.png"}]},
        },
        ["parameters", "image_style_references", "0", "url"],
        "INVALID",
        "https://",
    ),
    (
        {"model": "recraft/recraftv4", "parameters": {"controls": {"colours": []}}},
        ["parameters", "controls", "colours"],
        "NOT_SUPPORTED",
        "colors",
    ),
    (
        {
            "model": "recraft/recraftv4",
            "parameters": {"controls": {"colors": [{"rgb": [1, 2, 256]}]}},
        },
        ["parameters", "controls", "colors", "0", "rgb", "2"],
        "OUT_OF_RANGE",
        None,
    ),
    (
        {"model": "recraft/recraftv4", "parameters": {"style": "x" * 65}},
        ["parameters", "style"],
        "TOO_LONG",
        None,
    ),
    (
        {"model": "recraft/recraftv4", "parameters": ["style"]},
        ["parameters"],
        "INVALID",
        "JSON object",
    ),
    # Values of another type than the setting's, and texts that are too long.
    (
        {"model": "pruna/p-image", "parameters": {"lora_scale": 4}},
        ["parameters", "lora_scale"],
        None,
        "-1 to 3",
    ),
    (
        {"model": "pruna/p-image", "parameters": {"lora_scale": "1"}},
        ["parameters", "lora_scale"],
        "INVALID",
        "number",
    ),
    (
        {"model": "krea/krea-2-large", "parameters": {"styles": {"id": "a"}}},
        ["parameters", "styles"],
        "INVALID",
        "list",
    ),
    (
        {"model": "recraft/recraftv4", "parameters": {"controls": []}},
        ["parameters", "controls"],
        "INVALID",
        "object",
    ),
    (
        {"model": "recraft/recraftv4", "parameters": {"style": 7}},
        ["parameters", "style"],
        "INVALID",
        "text",
    ),
    (
        {"model": "alibaba/wan-2.6-image", "negativePrompt": "x" * 501},
        ["negativePrompt"],
        "TOO_LONG",
        None,
    ),
    (
        {"model": "google/nano-banana", "outputFormat": "gif"},
        ["outputFormat"],
        None,
        "jpg, png, webp",
    ),
    ({"model": "bria/fibo-generate-1.5", "seed": 2**31}, ["seed"], None, None),
    (
        {"model": "pruna/p-image", "parameters": {"lora_weights": "http://a.example/b"}},
        ["parameters", "lora_weights"],
        "INVALID",
        "https://",
    ),
    # Prompts and source images.
    ({"model": "bria/remove-background"}, ["prompt"], "NOT_SUPPORTED", "leave it out"),
    (
        {"model": "pruna/p-image-try-on", "prompt": ""},
        ["sourceImageIds"],
        "REQUIRED",
        "2 source images",
    ),
    ({"model": "openai/gpt-image-2", "prompt": ""}, ["prompt"], "TOO_SHORT", None),
    # Settings that are too large together.
    (
        {"model": UPSCALE, "parameters": {"target": 13}, "outputFormat": "png"},
        ["parameters", "target"],
        "OUT_OF_RANGE",
        "at most 12 with output format png; it is 13",
    ),
    (
        {"model": UPSCALE, "parameters": {"target": 17, "output_quality": 91}},
        ["parameters", "target"],
        "OUT_OF_RANGE",
        "at most 16 with these settings; it is 17",
    ),
    (
        {"model": UPSCALE, "parameters": {"target": 41}},
        ["parameters", "target"],
        "OUT_OF_RANGE",
        "40",
    ),
    # A model that is gone names what to use.
    ({"model": "google/imagen-4"}, ["model"], "MODEL_NOT_FOUND", "google/nano-banana-2"),
]


def test_each_kind_of_setting_has_a_bad_input() -> None:
    tried: set[str] = set()
    for given, path, _, _ in BAD_INPUTS:
        model = load_catalogue().get(given["model"])
        name = snake_case(path[1] if path[0] == "parameters" and path[1:] else path[0])
        rule = model.parameters.get(name) if model is not None else None
        if rule is not None:
            tried |= kinds(rule)
    offered = [
        kinds(rule) for model in load_catalogue().models for rule in model.parameters.values()
    ]
    assert set().union(*offered) - tried == set()


def kinds(rule: ParameterRule) -> set[str]:
    """Name what a rule checks: its type, and each kind of bound."""
    bounds = {
        "choices": rule.choices,
        "range": rule.minimum is not None or rule.maximum is not None,
        "multiple": rule.multiple_of is not None,
        "ratio range": rule.narrowest is not None,
        "address": rule.is_url,
    }
    return {rule.type, *(f"{rule.type}: {name}" for name, has in bounds.items() if has)}


def snake_case(name: str) -> str:
    return re.sub("([A-Z])", lambda found: f"_{found[1].lower()}", name)


@pytest.mark.anyio
async def test_what_a_model_does_not_accept_is_refused_with_its_path(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    for given, path, code, words in BAD_INPUTS:
        payload = await app.generate(**{"prompt": "A fox", **given})
        found = [error for error in payload["userErrors"] if error["path"] == ["input", *path]]
        assert found, (given, payload["userErrors"])
        assert found[0]["code"] == (code or "OUT_OF_RANGE"), given
        assert words is None or words in found[0]["message"], found
    assert fake_workers_ai.requests == []


@pytest.mark.anyio
async def test_an_image_is_not_enlarged_to_less_than_it_has(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    source = (await app.upload(png(2048, 2048)))["sourceImage"]["id"]
    given = {"model": UPSCALE, "prompt": "", "sourceImageIds": [source]}
    (error,) = (await app.generate(**given, parameters={"target": 3}))["userErrors"]
    assert (error["path"], error["code"]) == (["input", "parameters", "target"], "OUT_OF_RANGE")
    assert "must be at least 4, the megapixels of the source image; it is 3" in error["message"]
    assert fake_workers_ai.requests == []
    for settings, cost in (({"target": 4}, 0.005), ({"target": 12}, 0.02), ({"target": 40}, 0.06)):
        image = await app.image(**given, parameters=settings)
        assert (image["cost"], fake_workers_ai.requests.pop().parameters["target"]) == (
            cost,
            settings["target"],
        )
