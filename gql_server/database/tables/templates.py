"""The table of templates."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index, Text
from sqlmodel import Field, SQLModel

from gql_server.database.engine.columns import JsonValue, UtcDateTime


class TemplateRow(SQLModel, table=True):
    """Settings saved for reuse. A deleted template stays for its images."""

    __tablename__ = "templates"
    __table_args__ = (
        Index("ix_templates_page", "user_id", "created_at", "id"),
        Index("ix_templates_all_page", "created_at", "id"),
    )

    id: str = Field(primary_key=True)
    user_id: str
    name: str
    description: str | None = None
    model_id: str
    fallback_model_ids: list[str] | None = Field(default=None, sa_type=JsonValue)
    """Models to try after ``model_id``, in this order."""
    default_prompt: str = Field(sa_type=Text)
    parameters: dict[str, Any] = Field(sa_type=JsonValue)
    version: int = Field(default=1, sa_column_kwargs={"server_default": "1"})
    """Each update increments it."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
