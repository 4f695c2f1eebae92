"""The input of a batch."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final, cast

import strawberry

from gql_server.api.batches.item_input import BatchItemInput
from gql_server.api.batches.types import BatchPriority
from gql_server.api.described import describe_fields, described
from gql_server.api.descriptions import BATCH_MAX_COST, BATCH_WEBHOOK_URL, IDEMPOTENCY_KEY, PRIORITY
from gql_server.api.enums import domain_member
from gql_server.api.errors import camel_case
from gql_server.api.images.parameters import ImageSettingsInput, parameters_of
from gql_server.api.images.setting_descriptions import REQUESTED
from gql_server.batches.requests import BatchImage, BatchRequest
from gql_server.batches.validation import MAX_IMAGES, MAX_NAME_LENGTH, checking_cost, size_errors
from gql_server.domain import batches as domain
from gql_server.domain.errors import Rejected
from gql_server.generation.requests.prompts import MIN_PROMPT_LENGTH
from gql_server.generation.requests.request import ImageRequest
from gql_server.graphql.execution.plain_values import length, whole_number
from gql_server.processes.bulk_work import bulk_work

BATCH_NAME: Final = (
    "Name of the batch, for people, such as `Spring catalogue`: 1 to "
    f"{MAX_NAME_LENGTH} characters. None when omitted."
)

_SETTINGS: Final = tuple(field.name for field in fields(ImageSettingsInput))
_PYTHON_NAMES: Final = {camel_case(name): name for name in (*_SETTINGS, "prompt")}
_LISTS: Final = frozenset({"models", "source_image_ids", "tags"})


@described
@strawberry.input(one_of=True)
class BatchPicturesInput:
    """The images of a batch: exactly one of the fields."""

    prompts: strawberry.Maybe[list[str]] = strawberry.field(
        description=f"Prompts, 1 to {MAX_IMAGES:,}: one image for each, all with the batch's "
        f"settings. At least {MIN_PROMPT_LENGTH} characters each; the maximum depends on the "
        "model: see `Model.maxPromptLength`."
    )
    items: strawberry.Maybe[list[BatchItemInput]] = strawberry.field(
        description=f"Images with their own settings, 1 to {MAX_IMAGES:,}."
    )


@described
@describe_fields(REQUESTED)
@strawberry.input
class GenerateBatchInput(ImageSettingsInput):
    """A batch of images to generate.

    Settings apply to every image that does not override them. `tags` and `metadata` are those of
    the batch as well.
    """

    pictures: BatchPicturesInput = strawberry.field(
        description=f"Images to generate: 1 to {MAX_IMAGES:,} in all, each prompt or item "
        "`imagesPerPrompt` times."
    )
    images_per_prompt: int = strawberry.field(
        default=1,
        description="Number of images for each prompt or item, from 1; the batch has at most "
        f"{MAX_IMAGES:,} images in all. Each gets its own seed: a given seed is incremented by 1 "
        "for each further image. Defaults to 1.",
    )
    name: str | None = strawberry.field(default=None, description=BATCH_NAME)
    priority: BatchPriority = strawberry.field(default=BatchPriority.NORMAL, description=PRIORITY)
    max_cost: float | None = strawberry.field(
        default=None,
        description=BATCH_MAX_COST,
    )
    webhook_url: str | None = strawberry.field(
        default=None,
        description=BATCH_WEBHOOK_URL,
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


def batch_work(arguments: Mapping[str, Any]) -> int:
    """Return what checking a batch costs beside its objects."""
    batch = arguments.get("input")
    if not isinstance(batch, dict):
        return 0
    pictures = batch.get("pictures")
    prompts = sum(map(length, pictures.values())) if isinstance(pictures, dict) else 0
    times = whole_number(batch.get("imagesPerPrompt", 1)) or 1
    return checking_cost(prompts, times)


def retry_work(_arguments: Mapping[str, Any]) -> int:
    """Return what a retry costs beside its objects: as much as the largest batch."""
    return checking_cost(1, MAX_IMAGES)


async def batch_request(source: GenerateBatchInput) -> BatchRequest:
    """Read a batch from its input, some images at a time.

    Raises:
        Rejected: It has no images, or more than a batch may have.
    """
    entries = source.pictures.prompts or source.pictures.items
    errors = list(size_errors(len(entries.value) if entries else 0, source.images_per_prompt))
    if errors:
        raise Rejected(errors)
    pictures: list[BatchImage] = []
    async with bulk_work() as pace:
        for one in _pictures(source):
            await pace.keep()
            pictures.append(one)
    return BatchRequest(
        pictures=pictures,
        images_per_prompt=source.images_per_prompt,
        priority=domain_member(domain.BatchPriority, source.priority),
        max_cost=source.max_cost,
        webhook_url=source.webhook_url,
        name=source.name,
        tags=tuple(source.tags) if source.tags is not None else None,
        metadata=cast("dict[str, Any] | None", source.metadata),
    )


def _pictures(source: GenerateBatchInput) -> Iterator[BatchImage]:
    shared = _given(source)
    if source.pictures.prompts is not None:
        for index, prompt in enumerate(source.pictures.prompts.value):
            yield BatchImage(
                request=_request({**shared, "prompt": prompt}),
                path=("pictures", "prompts", index),
                own=frozenset({"prompt"}),
            )
    elif source.pictures.items is not None:
        for index, item in enumerate(source.pictures.items.value):
            own = _sent(item.sent)
            yield BatchImage(
                request=_request({**shared, **own}),
                path=("pictures", "items", index),
                own=frozenset(own),
            )


def _given(source: ImageSettingsInput) -> dict[str, Any]:
    # Lists become tuples once, not once for each image of the batch.
    return {
        name: _hashable(name, value)
        for name in _SETTINGS
        if (value := getattr(source, name)) is not None
    }


def _hashable(name: str, value: Any) -> Any:
    return tuple(value) if isinstance(value, list) and name in _LISTS else value


def _sent(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        _PYTHON_NAMES[name]: _hashable(_PYTHON_NAMES[name], value)
        for name, value in item.items()
        if value is not None
    }


def _request(given: dict[str, Any]) -> ImageRequest:
    return ImageRequest(
        prompt=given.get("prompt", ""),
        model_id=given.get("model"),
        fallback_model_ids=given.get("models", ()),
        template_id=given.get("template_id"),
        parameters=parameters_of(given),
        source_image_ids=given.get("source_image_ids", ()),
        mask_image_id=given.get("mask_image_id"),
        tags=given.get("tags", ()),
        metadata=cast("dict[str, Any] | None", given.get("metadata")),
    )
