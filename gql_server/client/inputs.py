"""Inputs of requests, as callers write them and as GraphQL reads them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias, TypedDict
from uuid import uuid4

from pydantic.alias_generators import to_camel

Dollars: TypeAlias = Decimal | float
"""An amount in US dollars."""

Priority: TypeAlias = Literal["HIGH", "NORMAL", "LOW"]
Deleted: TypeAlias = Literal["EXCLUDE", "INCLUDE", "ONLY"]
ImageOrder: TypeAlias = Literal[
    "NEWEST_FIRST",
    "OLDEST_FIRST",
    "MOST_EXPENSIVE_FIRST",
    "LEAST_EXPENSIVE_FIRST",
    "LARGEST_FIRST",
    "SMALLEST_FIRST",
]
BatchStatus: TypeAlias = Literal[
    "QUEUED",
    "RUNNING",
    "PAUSED",
    "CANCELING",
    "SUCCEEDED",
    "PARTIALLY_FAILED",
    "FAILED",
    "CANCELED",
]
ItemStatus: TypeAlias = Literal["QUEUED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELED"]
Interval: TypeAlias = Literal["HOUR", "DAY", "WEEK", "MONTH"]


class RemakeSettings(TypedDict, total=False):
    """Settings of an image that is generated again. None stands for the model's default."""

    model: str | None
    models: Sequence[str] | None
    negative_prompt: str | None
    width: int | None
    height: int | None
    steps: int | None
    guidance: float | None
    seed: int | None
    strength: float | None
    aspect_ratio: str | None
    quality: str | None
    background: str | None
    output_format: str | None
    parameters: Mapping[str, Any] | None
    source_image_ids: Sequence[str] | None
    mask_image_id: str | None
    tags: Sequence[str] | None
    metadata: Mapping[str, Any] | None


class ImageSettings(RemakeSettings, total=False):
    """Settings of a new image. Each model has its own, see ``Model.parameters``.

    None and a missing setting are the same: the template's or the model's default applies.
    ``parameters`` has settings that only some models have, by the model's names.
    """

    template_id: str | None


class ItemSettings(ImageSettings, total=False):
    """An image of a batch with its own settings."""

    prompt: str


def image_input(
    settings: ImageSettings,
    prompt: str,
    *,
    max_cost: Dollars | None = None,
    idempotency_key: str | None = None,
    webhook_url: str | None = None,
    wait: bool = True,
) -> dict[str, Any]:
    """Return a GenerateImageInput."""
    chosen = _without_none(settings) | {"prompt": prompt}
    if not wait:
        chosen |= {"wait": False} | _without_none({"webhook_url": webhook_url})
    return _camel(chosen) | _paid(max_cost, idempotency_key)


def remake_input(
    image_id: str,
    settings: RemakeSettings,
    prompt: str | None,
    *,
    max_cost: Dollars | None,
    idempotency_key: str | None,
) -> dict[str, Any]:
    """Return a RemakeImageInput: a setting that is None is sent as null."""
    chosen = {**settings, "id": image_id} | _without_none({"prompt": prompt})
    return _camel(chosen) | _paid(max_cost, idempotency_key)


def batch_input(
    settings: ImageSettings,
    images: Sequence[str | ItemSettings],
    *,
    images_per_prompt: int | None = None,
    name: str | None = None,
    priority: Priority | None = None,
    max_cost: Dollars | None = None,
    webhook_url: str | None = None,
    idempotency_key: str | None = None,
) -> dict[str, Any]:
    """Return a GenerateBatchInput."""
    prompts = [image for image in images if isinstance(image, str)]
    if len(prompts) == len(images):
        pictures: dict[str, Any] = {"prompts": prompts}
    else:
        items = (ItemSettings(prompt=one) if isinstance(one, str) else one for one in images)
        pictures = {"items": [_camel(_without_none(item)) for item in items]}
    others = {
        "images_per_prompt": images_per_prompt,
        "name": name,
        "priority": priority,
        "webhook_url": webhook_url,
    }
    chosen = _without_none(settings) | _without_none(others) | {"pictures": pictures}
    return _camel(chosen) | _paid(max_cost, idempotency_key)


def filter_input(**fields: Any) -> dict[str, Any]:
    """Return a filter of the fields that are not None."""
    return _camel({name: _timed(value) for name, value in _without_none(fields).items()})


def new_key() -> str:
    """Return a new idempotency key."""
    return f"gql-server-python {uuid4()}"


def timestamp(moment: datetime | None) -> str | None:
    """Write a moment as GraphQL reads it.

    Raises:
        ValueError: It has no time zone.
    """
    if moment is None:
        return None
    if moment.tzinfo is None:
        raise ValueError(
            f"{moment.isoformat()} has no time zone: use datetime.now(UTC), for example."
        )
    return moment.isoformat()


def _paid(max_cost: Dollars | None, idempotency_key: str | None) -> dict[str, Any]:
    cost = {"maxCost": float(max_cost)} if max_cost is not None else {}
    return cost | ({"idempotencyKey": idempotency_key} if idempotency_key is not None else {})


def _timed(value: Any) -> Any:
    return timestamp(value) if isinstance(value, datetime) else value


def _without_none(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _camel(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {to_camel(name): value for name, value in fields.items()}
