"""Generating stored images again: one, or many as a batch."""

from typing import Annotated, Any, Final

from fastapi import Body, Response
from fastapi.openapi.models import Example

from gql_server.batches.remake import MAX_REMADE, BatchRemake, remake_images
from gql_server.batches.validation import MAX_IMAGES, checking_cost
from gql_server.domain.batches import BatchPriority
from gql_server.domain.skipped_models import MAX_MODELS
from gql_server.generation.remake import NAMES, Remake, remake_image
from gql_server.generation.requests.prompts import MIN_PROMPT_LENGTH
from gql_server.generation.requests.tags_and_metadata import describe_metadata, describe_tags
from gql_server.inference.setting_descriptions import change_descriptions
from gql_server.rest.context import ContextOfRequest
from gql_server.rest.endpoints.batches import BatchOptions, NewBatch, accepted_batch
from gql_server.rest.endpoints.generation import IdempotencyKey, NewImage, new_image
from gql_server.rest.endpoints.images import ImageId
from gql_server.rest.schemas.fields import FLUX, IMAGE_ID, Given, described
from gql_server.rest.schemas.parameters import (
    MAX_COST,
    WHERE_OWN_RANGES_ARE,
    WHERE_RANGES_ARE,
    TemplateParameters,
)
from gql_server.web.headers import unquoted

_EXAMPLES: Final[dict[str, Example]] = {
    "Another seed": {"summary": "Another seed", "value": {"seed": None}},
}
_BATCH_EXAMPLES: Final[dict[str, Example]] = {
    "Another model": {"summary": "Another model", "value": {"ids": [IMAGE_ID], "model": FLUX}},
}


_CHANGED: Final = change_descriptions(WHERE_RANGES_ARE, where_own=WHERE_OWN_RANGES_ARE)
_SAME: Final = "As in the first image when omitted or null."


class Changes(TemplateParameters):
    """What to change.

    Omitted fields stay as they were. Null stands for the model's default, a random seed, no images,
    no tags and no metadata.
    """

    prompt: str | None = described(
        "New prompt, combined with the current text of the image's template. At least "
        f"{MIN_PROMPT_LENGTH} characters; the maximum depends on the model. {_SAME}",
        "A lighthouse in a storm, at night",
        None,
    )
    model: str | None = described(
        "ID of another model. Settings that it does not have are dropped, and defaults of the "
        "first model become those of the new one. The same model when omitted or null.",
        FLUX,
        None,
    )
    models: list[str] | None = described(
        "IDs of models to try, in this order, when `model` does not generate the image. At most "
        f"{MAX_MODELS} models, the first one included; each takes the settings of the first image "
        "that it has. None when omitted or null.",
        ["alibaba/wan-2.6-image"],
        None,
        fail_fast=True,
    )
    negative_prompt: str | None = described(_CHANGED["negative_prompt"], "people, text", None)
    width: int | None = described(_CHANGED["width"], 1024, None)
    height: int | None = described(_CHANGED["height"], 768, None)
    steps: int | None = described(_CHANGED["steps"], 20, None)
    guidance: float | None = described(_CHANGED["guidance"], 7.5, None)
    seed: int | None = described(_CHANGED["seed"], 42, None)
    strength: float | None = described(_CHANGED["strength"], 0.6, None)
    aspect_ratio: str | None = described(_CHANGED["aspect_ratio"], "16:9", None)
    quality: str | None = described(_CHANGED["quality"], "high", None)
    background: str | None = described(_CHANGED["background"], "opaque", None)
    output_format: str | None = described(_CHANGED["output_format"], "png", None)
    parameters: dict[str, Any] | None = described(
        _CHANGED["parameters"], {"resolution": "2K"}, None
    )
    source_image_ids: list[str] | None = described(
        "IDs of other source images (`img_…` or `src_…`). The number depends on the model. The "
        "same images when omitted; none when null or empty.",
        [IMAGE_ID],
        None,
        fail_fast=True,
    )
    mask_image_id: str | None = described(
        "ID of another mask (`img_…` or `src_…`). The same mask when omitted; none when null.",
        IMAGE_ID,
        None,
    )
    tags: list[str] | None = described(
        f"{describe_tags('Tags of the new image')} Those of the first image when omitted; none "
        "when null.",
        ["shop"],
        None,
        fail_fast=True,
    )
    metadata: dict[str, Any] | None = described(
        f"{describe_metadata('Client-defined metadata of the new image')} That of the first image "
        "when omitted; none when null.",
        {"order": 42},
        None,
    )

    def changes(self) -> dict[str, Any]:
        """Return the fields that the client gave, by the names of the use case."""
        given = self.model_fields_set & Changes.model_fields.keys()
        return {NAMES.get(name, name): getattr(self, name) for name in given}


class RemakeRequest(Changes):
    """Changes to an image that is generated again. Omitted fields stay as they were."""

    max_cost: float | None = described(
        MAX_COST,
        0.05,
        None,
        ge=0,
    )


class ImageIds(Given):
    """IDs of images."""

    ids: list[str] = described(
        f"IDs of the images, `img_…`; 1 to {MAX_REMADE:,}.",
        [IMAGE_ID],
        min_length=1,
        max_length=MAX_REMADE,
        fail_fast=True,
    )


class RemakeBatchRequest(BatchOptions, RemakeRequest, ImageIds):
    """Images to generate again, and what to change in each of them.

    Omitted fields stay as they were. `max_cost` limits the whole batch.
    """

    variations: int | None = described(
        "Number of new images for each of the images, from 1; the batch has at most "
        f"{MAX_IMAGES:,} images in all. Each gets another seed: a random one, or `seed` "
        "incremented by 1 for each further image. When omitted, one image with the seed of the "
        "first one.",
        4,
        None,
        ge=1,
    )


async def remake(
    context: ContextOfRequest,
    id: ImageId,
    given: Annotated[RemakeRequest, Body(openapi_examples=_EXAMPLES)],
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> NewImage:
    """Generate one of the caller's images again."""
    made = await remake_image(
        context.services,
        context.principal,
        Remake(image_id=id, changes=given.changes(), max_cost=given.max_cost),
        idempotency_key=unquoted(idempotency_key),
    )
    return await new_image(context, made, response)


async def remake_batch(
    context: ContextOfRequest,
    given: Annotated[RemakeBatchRequest, Body(openapi_examples=_BATCH_EXAMPLES)],
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> NewBatch:
    """Generate the caller's images again in the background."""
    await context.spend(checking_cost(len(given.ids), given.variations or 1))
    created = await remake_images(
        context.services,
        context.principal,
        BatchRemake(
            image_ids=given.ids,
            changes=given.changes(),
            variations=given.variations,
            priority=BatchPriority(given.priority),
            max_cost=given.max_cost,
            webhook_url=given.webhook_url,
            name=given.name,
        ),
        idempotency_key=unquoted(idempotency_key),
    )
    return accepted_batch(context, created, response)
