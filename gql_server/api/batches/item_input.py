"""The input of a batch's image with its own settings."""

from collections.abc import Mapping
from dataclasses import field
from typing import Any, Final

import strawberry
from strawberry.types import get_object_definition

from gql_server.api.described import describe_fields, described
from gql_server.api.descriptions import MASK_IMAGE, METADATA, MODELS, SOURCE_IMAGES, TAGS
from gql_server.api.images.parameters import ImageSettingsInput, PromptInput
from gql_server.api.images.setting_descriptions import OF_ITEM
from gql_server.inference.setting_descriptions import BATCH_APPLIES

_DESCRIPTIONS: Final = {
    **OF_ITEM,
    "model": "Name of the model, such as `@cf/black-forest-labs/flux-1-schnell`; the query "
    f"`models` lists all. {BATCH_APPLIES}",
    "models": f"{MODELS} `Image.skippedModels` lists those that were skipped. {BATCH_APPLIES}",
    "template_id": "ID of a template, `tpl_…`. Its model, prompt and settings apply where neither "
    f"the item nor the batch sets them. {BATCH_APPLIES}",
    "source_image_ids": f"{SOURCE_IMAGES} {BATCH_APPLIES}",
    "mask_image_id": f"{MASK_IMAGE} {BATCH_APPLIES}",
    "tags": f"{TAGS} {BATCH_APPLIES}",
    "metadata": f"{METADATA} {BATCH_APPLIES}",
}


@described
@describe_fields(_DESCRIPTIONS)
@strawberry.input
class BatchItemInput(ImageSettingsInput, PromptInput):
    """An image of a batch with its own settings.

    Fields that are omitted or null use the batch's settings.
    """

    sent: strawberry.Private[Mapping[str, Any]] = field(default_factory=dict)


def _read_later(kind: type, value: Mapping[str, Any], _context: object) -> BatchItemInput:
    """Keep an item as it came: ten thousand are read in slices, and not at once."""
    item: BatchItemInput = object.__new__(kind)
    item.sent = value
    return item


get_object_definition(BatchItemInput, strict=True).from_input = _read_later
