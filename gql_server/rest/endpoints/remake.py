"""Generating stored images again: one, or many as a batch."""

from typing import Annotated, Any, Final

from fastapi import Body, Response
from fastapi.openapi.models import Example

from gql_server.batches.remake import MAX_REMADE, BatchRemake, remake_images
from gql_server.batches.validation import checking_cost
from gql_server.domain.batches import BatchPriority
from gql_server.generation.remake import NAMES, Remake, remake_image
from gql_server.rest.context import ContextOfRequest
from gql_server.rest.endpoints.batches import BatchOptions, NewBatch, accepted_batch
from gql_server.rest.endpoints.generation import IdempotencyKey, NewImage, new_image
from gql_server.rest.endpoints.images import ImageId
from gql_server.rest.schemas.fields import FLUX, IMAGE_ID, Given, described
from gql_server.rest.schemas.parameters import TemplateParameters
from gql_server.web.headers import unquoted

_EXAMPLES: Final[dict[str, Example]] = {
    "Another seed": {"summary": "Another seed", "value": {"seed": None}},
}
_BATCH_EXAMPLES: Final[dict[str, Example]] = {
    "Another model": {"summary": "Another model", "value": {"ids": [IMAGE_ID], "model": FLUX}},
}


class Changes(TemplateParameters):
    """What to change.

    Omitted fields stay as they were. Null stands for the model's default, a random seed, no images,
    no tags and no metadata.
    """

    prompt: str | None = described(
        "New prompt, combined with the current text of the image's template.",
        "A lighthouse in a storm, at night",
        None,
    )
    model: str | None = described(
        "ID of another model. Settings that this model does not have are dropped.", FLUX, None
    )
    models: list[str] | None = described(
        "IDs of models to try, in this order, when `model` does not generate the image. Each takes "
        "the settings of the first image that it has.",
        ["alibaba/wan-2.6-image"],
        None,
        fail_fast=True,
    )
    source_image_ids: list[str] | None = described(
        "IDs of other source images.", [IMAGE_ID], None, fail_fast=True
    )
    mask_image_id: str | None = described("ID of another mask.", IMAGE_ID, None)
    tags: list[str] | None = described("Tags of the new image.", ["shop"], None, fail_fast=True)
    metadata: dict[str, Any] | None = described(
        "Client-defined metadata of the new image.", {"order": 42}, None
    )

    def changes(self) -> dict[str, Any]:
        """Return the fields that the client gave, by the names of the use case."""
        given = self.model_fields_set & Changes.model_fields.keys()
        return {NAMES.get(name, name): getattr(self, name) for name in given}


class RemakeRequest(Changes):
    """Changes to an image that is generated again."""

    max_cost: float | None = described(
        "Maximum cost, in US dollars. A request that would cost more is refused.", 0.05, None, ge=0
    )


class ImageIds(Given):
    """IDs of images."""

    ids: list[str] = described(
        "IDs of the images.", [IMAGE_ID], min_length=1, max_length=MAX_REMADE, fail_fast=True
    )


class RemakeBatchRequest(BatchOptions, RemakeRequest, ImageIds):
    """Images to generate again, and what to change in each of them.

    `max_cost` limits the whole batch.
    """

    variations: int | None = described(
        "Number of new images for each of the images, from 1, each with another seed: one chosen "
        "at random, or `seed` incremented by 1 for each further image. One image with the seed of "
        "the first one when omitted.",
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
