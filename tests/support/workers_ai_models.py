"""The models of Workers AI, from Cloudflare's documentation and from nothing of the server's.

The source is each model's page at https://developers.cloudflare.com/workers-ai/models/, as of
autumn 2026. Where it names no bound, none is checked.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Form = Literal["json", "multipart", "run"]


@dataclass(frozen=True, kw_only=True)
class Number:
    whole: bool
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, kw_only=True)
class ModelRules:
    form: Form
    answer: Literal["base64", "binary"]
    declared: str
    encoded: Literal["jpeg", "png"]
    size: tuple[int, int]
    numbers: Mapping[str, Number]
    max_prompt_length: int | None = None
    texts: frozenset[str] = frozenset()
    takes_references: bool = False
    takes_source: bool = False
    needs_source: bool = False
    needs_mask: bool = False
    price: tuple[tuple[str, float], ...] = field(default=())
    """Unit and dollars; empty while in beta."""


def _whole(minimum: float | None = None, maximum: float | None = None) -> Number:
    return Number(whole=True, minimum=minimum, maximum=maximum)


def _real(minimum: float | None = None, maximum: float | None = None) -> Number:
    return Number(whole=False, minimum=minimum, maximum=maximum)


def _flux_2(*, steps: bool, price: tuple[tuple[str, float], ...]) -> ModelRules:
    numbers = {
        "guidance": _real(),
        "width": _whole(256, 1920),
        "height": _whole(256, 1920),
        "seed": _whole(),
    }
    return ModelRules(
        form="multipart",
        answer="base64",
        declared="application/json",
        encoded="jpeg",
        size=(1024, 768),
        numbers=numbers | ({"steps": _whole(1)} if steps else {}),
        takes_references=True,
        price=price,
    )


def _stable_diffusion(
    side: int,
    *,
    encoded: Literal["jpeg", "png"] = "png",
    needs_source: bool = False,
    needs_mask: bool = False,
) -> ModelRules:
    return ModelRules(
        form="json",
        answer="binary",
        declared="image/png",
        encoded=encoded,
        size=(side, side),
        numbers={
            "width": _whole(256, 2048),
            "height": _whole(256, 2048),
            "num_steps": _whole(1, 20),
            "guidance": _real(),
            "seed": _whole(),
            "strength": _real(0, 1),
        },
        texts=frozenset({"negative_prompt"}),
        takes_source=True,
        needs_source=needs_source,
        needs_mask=needs_mask,
    )


MODELS: Mapping[str, ModelRules] = {
    "@cf/black-forest-labs/flux-1-schnell": ModelRules(
        form="json",
        answer="base64",
        declared="application/json",
        encoded="jpeg",
        size=(1024, 1024),
        numbers={"steps": _whole(1, 8), "seed": _whole()},
        max_prompt_length=2048,
        price=(("per 512 by 512 tile", 0.0000528), ("per step", 0.0001056)),
    ),
    "@cf/black-forest-labs/flux-2-dev": _flux_2(
        steps=True,
        price=(
            ("per input 512x512 tile, per step", 0.00021),
            ("per output 512x512 tile, per step", 0.00041),
        ),
    ),
    "@cf/black-forest-labs/flux-2-klein-4b": _flux_2(
        steps=False,
        price=(("per input 512x512 tile", 0.000059), ("per output 512x512 tile", 0.000287)),
    ),
    "@cf/black-forest-labs/flux-2-klein-9b": _flux_2(
        steps=False,
        price=(
            ("per first MP (1024x1024)", 0.015),
            ("per subsequent MP", 0.002),
            ("per input image MP", 0.002),
        ),
    ),
    "@cf/leonardo/lucid-origin": ModelRules(
        form="json",
        answer="base64",
        declared="application/json",
        encoded="jpeg",
        size=(1120, 1120),
        numbers={
            "guidance": _real(0, 10),
            "width": _whole(1, 2500),
            "height": _whole(1, 2500),
            "num_steps": _whole(1, 40),
            "seed": _whole(0),
        },
        price=(("per 512 by 512 tile", 0.007), ("per step", 0.000132)),
    ),
    "@cf/leonardo/phoenix-1.0": ModelRules(
        form="json",
        answer="binary",
        declared="image/jpeg",
        encoded="jpeg",
        size=(1024, 1024),
        numbers={
            "guidance": _real(2, 10),
            "width": _whole(1, 2048),
            "height": _whole(1, 2048),
            "num_steps": _whole(1, 50),
            "seed": _whole(0),
        },
        texts=frozenset({"negative_prompt"}),
        price=(("per 512 by 512 tile", 0.00583), ("per step", 0.00011)),
    ),
    "@cf/stabilityai/stable-diffusion-xl-base-1.0": _stable_diffusion(1024),
    "@cf/bytedance/stable-diffusion-xl-lightning": _stable_diffusion(1024, encoded="jpeg"),
    "@cf/lykon/dreamshaper-8-lcm": _stable_diffusion(512),
    "@cf/runwayml/stable-diffusion-v1-5-img2img": _stable_diffusion(512, needs_source=True),
    "@cf/runwayml/stable-diffusion-v1-5-inpainting": _stable_diffusion(
        512, needs_source=True, needs_mask=True
    ),
}
