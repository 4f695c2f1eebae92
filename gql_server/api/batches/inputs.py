"""What a batch is asked for with."""

import asyncio
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, Final, cast

import strawberry

from gql_server.api.batches.types import BatchPriority
from gql_server.api.enums import domain_member
from gql_server.api.images.parameters import IDEMPOTENCY_KEY, PictureSettingsInput, PromptInput
from gql_server.batches.requests import BatchPicture, BatchRequest
from gql_server.batches.validation import AT_ONCE, MAX_PICTURES, size_faults
from gql_server.domain import batches as domain
from gql_server.domain.errors import Rejected
from gql_server.domain.parameters import Parameters
from gql_server.generation.requests import PictureRequest

_SETTINGS: Final = tuple(field.name for field in fields(PictureSettingsInput))
_LISTS: Final = frozenset({"source_image_ids", "tags"})
_PARAMETERS: Final = tuple(field.name for field in fields(Parameters))


@strawberry.input(
    description="A picture of a batch with settings of its own; what is left out is the batch's."
)
class BatchItemInput(PictureSettingsInput, PromptInput):
    """A picture of a batch with settings of its own."""


@strawberry.input(one_of=True, description="What to make: exactly one of the fields.")
class BatchPicturesInput:
    """What to make."""

    prompts: strawberry.Maybe[list[str]] = strawberry.field(
        description="A picture for each prompt, all with the batch's settings."
    )
    items: strawberry.Maybe[list[BatchItemInput]] = strawberry.field(
        description="Pictures with settings of their own."
    )


@strawberry.input(
    description="Many pictures to make. The settings hold for every picture that says nothing else."
)
class GenerateBatchInput(PictureSettingsInput):
    """Many pictures to make."""

    pictures: BatchPicturesInput = strawberry.field(
        description=f"What to make, at most {MAX_PICTURES} pictures."
    )
    images_per_prompt: int = strawberry.field(
        default=1,
        description="How many pictures of each prompt or item, with seeds that differ: a given "
        "seed is counted up.",
    )
    priority: BatchPriority = strawberry.field(
        default=BatchPriority.NORMAL, description="Which of your batches comes first."
    )
    max_cost: float | None = strawberry.field(
        default=None, description="Refuse the batch where it would cost more, in US dollars."
    )
    webhook_url: str | None = strawberry.field(
        default=None,
        description="An address that is told of the batch's end: `batch.finished` with its status "
        "and counts, signed, and tried again for a day.",
    )
    idempotency_key: str | None = strawberry.field(default=None, description=IDEMPOTENCY_KEY)


async def batch_request(source: GenerateBatchInput) -> BatchRequest:
    """Read the batch that an input asks for, some pictures at a time.

    Raises:
        Rejected: It asks for none, or for more than a batch has.
    """
    wanted = source.pictures.prompts or source.pictures.items
    faults = list(size_faults(len(wanted.value) if wanted else 0, source.images_per_prompt))
    if faults:
        raise Rejected(faults)
    pictures: list[BatchPicture] = []
    for picture in _pictures(source):
        if len(pictures) % AT_ONCE == 0:
            await asyncio.sleep(0)
        pictures.append(picture)
    return BatchRequest(
        pictures=pictures,
        images_per_prompt=source.images_per_prompt,
        priority=domain_member(domain.BatchPriority, source.priority),
        max_cost=source.max_cost,
        webhook_url=source.webhook_url,
    )


def _pictures(source: GenerateBatchInput) -> Iterator[BatchPicture]:
    shared = _given(source)
    if source.pictures.prompts is not None:
        for index, prompt in enumerate(source.pictures.prompts.value):
            yield BatchPicture(
                request=_request({**shared, "prompt": prompt}),
                path=("pictures", "prompts", index),
                own=frozenset({"prompt"}),
            )
    elif source.pictures.items is not None:
        for index, item in enumerate(source.pictures.items.value):
            own = {**_given(item), "prompt": item.prompt}
            yield BatchPicture(
                request=_request({**shared, **own}),
                path=("pictures", "items", index),
                own=frozenset(own),
            )


def _given(source: PictureSettingsInput) -> dict[str, Any]:
    # A list becomes a tuple here, once, and not for every picture that the batch's is for.
    return {
        name: tuple(value) if isinstance(value, list) and name in _LISTS else value
        for name in _SETTINGS
        if (value := getattr(source, name)) is not None
    }


def _request(given: dict[str, Any]) -> PictureRequest:
    return PictureRequest(
        prompt=given["prompt"],
        model_id=given.get("model"),
        template_id=given.get("template_id"),
        parameters=Parameters(**{name: given.get(name) for name in _PARAMETERS}),
        source_image_ids=given.get("source_image_ids", ()),
        mask_image_id=given.get("mask_image_id"),
        tags=given.get("tags", ()),
        metadata=cast("dict[str, Any] | None", given.get("metadata")),
    )
