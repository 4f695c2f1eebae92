"""The input of a batch's image with its own settings."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any

import strawberry
from strawberry.types import get_object_definition

from gql_server.api.described import described
from gql_server.api.descriptions import MASK_IMAGE, METADATA, MODELS, SOURCE_IMAGES, TAGS
from gql_server.api.images.parameters import ImageSettingsInput, PromptInput
from gql_server.api.images.setting_descriptions import OF_ITEM
from gql_server.api.scalars import Seed
from gql_server.inference.setting_descriptions import BATCH_APPLIES


@described
@strawberry.input
class BatchItemInput(ImageSettingsInput, PromptInput):
    """An image of a batch with its own settings.

    Fields that are omitted or null use the batch's settings.
    """

    model: strawberry.ID | None = strawberry.field(
        default=None,
        description="Name of the model, such as `@cf/black-forest-labs/flux-1-schnell`; the query "
        f"`models` lists all. {BATCH_APPLIES}",
    )
    models: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description=f"{MODELS} `Image.skippedModels` lists those that were skipped. "
        f"{BATCH_APPLIES}",
    )
    template_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="ID of a template, `tpl_…`. Its model, prompt and settings apply where neither "
        f"the item nor the batch sets them. {BATCH_APPLIES}",
    )
    negative_prompt: str | None = strawberry.field(
        default=None, description=OF_ITEM["negative_prompt"]
    )
    width: int | None = strawberry.field(default=None, description=OF_ITEM["width"])
    height: int | None = strawberry.field(default=None, description=OF_ITEM["height"])
    steps: int | None = strawberry.field(default=None, description=OF_ITEM["steps"])
    guidance: float | None = strawberry.field(default=None, description=OF_ITEM["guidance"])
    seed: Seed | None = strawberry.field(default=None, description=OF_ITEM["seed"])
    strength: float | None = strawberry.field(default=None, description=OF_ITEM["strength"])
    aspect_ratio: str | None = strawberry.field(default=None, description=OF_ITEM["aspect_ratio"])
    quality: str | None = strawberry.field(default=None, description=OF_ITEM["quality"])
    background: str | None = strawberry.field(default=None, description=OF_ITEM["background"])
    output_format: str | None = strawberry.field(default=None, description=OF_ITEM["output_format"])
    parameters: strawberry.scalars.JSON | None = strawberry.field(
        default=None, description=OF_ITEM["parameters"]
    )
    source_image_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description=f"{SOURCE_IMAGES} {BATCH_APPLIES}"
    )
    mask_image_id: strawberry.ID | None = strawberry.field(
        default=None, description=f"{MASK_IMAGE} {BATCH_APPLIES}"
    )
    tags: list[str] | None = strawberry.field(default=None, description=f"{TAGS} {BATCH_APPLIES}")
    metadata: strawberry.scalars.JSON | None = strawberry.field(
        default=None, description=f"{METADATA} {BATCH_APPLIES}"
    )
    sent: strawberry.Private[Mapping[str, Any]] = field(default_factory=dict)


def _read_later(kind: type, value: Mapping[str, Any], _context: object) -> BatchItemInput:
    """Keep an item as it came: ten thousand are read in slices, and not at once."""
    item: BatchItemInput = object.__new__(kind)
    item.sent = value
    return item


get_object_definition(BatchItemInput, strict=True).from_input = _read_later
