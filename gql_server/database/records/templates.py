"""Templates as they are read: with the columns that were chosen."""

from datetime import datetime
from typing import Any, TypedDict

from gql_server.database.engine.pages import PageColumns


class PartialTemplate(PageColumns, total=False):
    """Chosen columns of a template; its ID and creation time are always there."""

    user_id: str
    name: str
    description: str | None
    model_id: str
    fallback_model_ids: list[str] | None
    default_prompt: str
    parameters: dict[str, Any]
    version: int
    updated_at: datetime


class TemplateChanges(TypedDict, total=False):
    """Columns of a template that can change."""

    name: str
    description: str | None
    model_id: str
    fallback_model_ids: list[str] | None
    default_prompt: str
    parameters: dict[str, Any]
    version: int
    updated_at: datetime


class TemplateDeletion(TypedDict):
    """What deletes a template."""

    deleted_at: datetime | None
