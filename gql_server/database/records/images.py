"""Images as they are read: with the columns that were chosen."""

from datetime import datetime
from typing import Any, TypedDict

from gql_server.database.engine.pages import PageColumns


class PartialImage(PageColumns, total=False):
    """Chosen columns of an image; its ID and creation time are always there."""

    user_id: str
    prompt: str
    rendered_prompt: str
    model_id: str
    template_id: str | None
    batch_id: str | None
    parameters: dict[str, Any]
    storage_key: str
    width: int
    height: int
    content_type: str
    size_bytes: int
    placeholder: str
    tags: list[str]
    attributes: dict[str, Any] | None
    cost: int
    provider_cost: int
    neurons: int
    seconds: float
    is_preview: bool
    gateway_log_id: str | None
    request_kind: str | None
    template_version: int | None
    skipped_models: list[dict[str, str]] | None
    provenance: dict[str, Any] | None
    remade_from: str | None
    deleted_at: datetime | None
    missing_since: datetime | None
    purged_at: datetime | None


class ImageChanges(TypedDict, total=False):
    """Columns of an image that can change."""

    tags: list[str]
    attributes: dict[str, Any] | None
    deleted_at: datetime | None
