"""The tables. Money is in billionths of a dollar, neurons in thousandths.

Every row that belongs to someone has its owner in ``user_id``.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, MetaData, Text, text
from sqlmodel import Field, SQLModel

from gql_server.database.columns import JsonValue, UtcDateTime

metadata: MetaData = SQLModel.metadata
metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class ChargeKind(StrEnum):
    """What a row of the ledger is."""

    CHARGE = "charge"


class TemplateRow(SQLModel, table=True):
    """Settings saved for reuse; a deleted one stays for the images that were made with it."""

    __tablename__ = "templates"
    __table_args__ = (Index("ix_templates_page", "user_id", "created_at", "id"),)

    id: str = Field(primary_key=True)
    user_id: str
    name: str
    description: str | None = None
    model_id: str
    default_prompt: str = Field(sa_type=Text)
    parameters: dict[str, Any] = Field(sa_type=JsonValue)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SourceImageRow(SQLModel, table=True):
    """An uploaded picture, for image to image."""

    __tablename__ = "source_images"

    id: str = Field(primary_key=True)
    user_id: str = Field(index=True)
    storage_key: str
    width: int
    height: int
    content_type: str
    size_bytes: int
    created_at: datetime = Field(sa_type=UtcDateTime)


class ImageRow(SQLModel, table=True):
    """A picture that was made, kept and charged."""

    __tablename__ = "images"
    __table_args__ = (
        Index("ix_images_page", "user_id", "created_at", "id"),
        Index("ix_images_model_page", "user_id", "model_id", "created_at", "id"),
        Index("ix_images_template_page", "template_id", "created_at", "id"),
    )

    id: str = Field(primary_key=True)
    user_id: str
    prompt: str = Field(sa_type=Text)
    rendered_prompt: str = Field(sa_type=Text)
    search_text: str = Field(sa_type=Text)
    """The prompt case-folded, so that a search means the same on every database."""
    model_id: str
    template_id: str | None = Field(default=None, foreign_key="templates.id")
    parameters: dict[str, Any] = Field(sa_type=JsonValue)
    storage_key: str = Field(unique=True)
    width: int
    height: int
    content_type: str
    size_bytes: int
    placeholder: str
    tags: list[str] = Field(sa_type=JsonValue)
    """As their user ordered them; ``image_tags`` has them again, to find images by."""
    attributes: dict[str, Any] | None = Field(default=None, sa_type=JsonValue)
    """The client's own ``metadata``; that name is SQLAlchemy's on a table class."""
    cost: int = Field(sa_type=BigInteger)
    provider_cost: int = Field(sa_type=BigInteger)
    neurons: int = Field(sa_type=BigInteger)
    seconds: float
    is_preview: bool
    created_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ImageTagRow(SQLModel, table=True):
    """A tag of an image, to find images by."""

    __tablename__ = "image_tags"
    __table_args__ = (Index("ix_image_tags_tag", "tag", "image_id"),)

    image_id: str = Field(primary_key=True, foreign_key="images.id")
    tag: str = Field(primary_key=True)


class ChargeRow(SQLModel, table=True):
    """A line of the ledger, written in the same transaction as its image."""

    __tablename__ = "charges"
    __table_args__ = (
        Index(
            "uq_charges_image",
            "image_id",
            unique=True,
            sqlite_where=text("kind = 'charge'"),
            postgresql_where=text("kind = 'charge'"),
        ),
        Index("ix_charges_user", "user_id", "created_at"),
        Index("ix_charges_created_at", "created_at"),
    )

    id: str = Field(primary_key=True)
    kind: str
    image_id: str = Field(foreign_key="images.id")
    user_id: str
    model_id: str
    template_id: str | None = None
    amount: int = Field(sa_type=BigInteger)
    provider_cost: int = Field(sa_type=BigInteger)
    neurons: int = Field(sa_type=BigInteger)
    is_preview: bool
    created_at: datetime = Field(sa_type=UtcDateTime)
