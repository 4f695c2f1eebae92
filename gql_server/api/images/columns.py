"""The columns of images that the fields of the API are read from."""

from collections.abc import Mapping
from typing import Final

IMAGE_COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "id": ("id",),
    "prompt": ("prompt",),
    "renderedPrompt": ("rendered_prompt",),
    "model": ("model_id",),
    "template": ("template_id",),
    "batch": ("batch_id",),
    "parameters": ("parameters",),
    "r2Key": ("storage_key",),
    "r2Url": ("storage_key",),
    "url": ("storage_key",),
    "width": ("width",),
    "height": ("height",),
    "contentType": ("content_type",),
    "sizeBytes": ("size_bytes",),
    "placeholder": ("placeholder",),
    "tags": ("tags",),
    "metadata": ("attributes",),
    "cost": ("cost",),
    "providerCost": ("provider_cost",),
    "neurons": ("neurons",),
    "seconds": ("seconds",),
    "gatewayLogId": ("gateway_log_id",),
    "requestKind": ("request_kind",),
    "sources": ("request_kind",),
    "mask": ("request_kind",),
    "derived": (),
    "templateVersion": ("template_version",),
    "skippedModels": ("skipped_models",),
    "provenance": ("provenance",),
    "remadeFrom": ("remade_from",),
    "isPreview": ("is_preview",),
    "userId": ("user_id",),
    "createdAt": ("created_at",),
    "isDeleted": ("deleted_at",),
    "deletedAt": ("deleted_at",),
    "missingSince": ("missing_since",),
}
"""The columns that each field needs."""
