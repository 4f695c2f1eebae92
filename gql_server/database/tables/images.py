"""The tables of images, their tags, and uploads.

Money is in billionths of a dollar, neurons in thousandths.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Text, text
from sqlmodel import Field, SQLModel

from gql_server.database.engine.columns import JsonValue, StorageKey, UtcDateTime


class ImageRow(SQLModel, table=True):
    """A generated image, which was stored and charged."""

    __tablename__ = "images"
    __table_args__ = (
        Index("ix_images_page", "user_id", "created_at", "id"),
        Index("ix_images_model_page", "user_id", "model_id", "created_at", "id"),
        Index("ix_images_template_page", "template_id", "created_at", "id"),
        # An admin's lists contain everyone's.
        Index("ix_images_all_page", "created_at", "id"),
        Index("ix_images_all_model_page", "model_id", "created_at", "id"),
        Index("ix_images_batch_page", "batch_id", "created_at", "id"),
        Index("ix_images_cost_page", "user_id", "cost", "id"),
        Index("ix_images_size_page", "user_id", "size_bytes", "id"),
        Index("ix_images_all_cost_page", "cost", "id"),
        Index("ix_images_all_size_page", "size_bytes", "id"),
        Index(
            "ix_images_file_due",
            "file_due_at",
            sqlite_where=text("file_due_at IS NOT NULL"),
            postgresql_where=text("file_due_at IS NOT NULL"),
        ),
        Index(
            "ix_images_deleted",
            "deleted_at",
            "id",
            sqlite_where=text("deleted_at IS NOT NULL AND purged_at IS NULL"),
            postgresql_where=text("deleted_at IS NOT NULL AND purged_at IS NULL"),
        ),
        # In the order in which stores list their objects.
        Index(
            "ix_images_withheld_key",
            "withheld_key",
            sqlite_where=text("withheld_key IS NOT NULL"),
            postgresql_where=text("withheld_key IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    user_id: str
    prompt: str = Field(sa_type=Text)
    rendered_prompt: str = Field(sa_type=Text)
    search_text: str = Field(sa_type=Text)
    """The prompt as ``domain/search.py`` folds it, so that every database finds the same."""
    model_id: str
    template_id: str | None = Field(default=None, foreign_key="templates.id")
    batch_id: str | None = None
    parameters: dict[str, Any] = Field(sa_type=JsonValue)
    storage_key: str = Field(unique=True, sa_type=StorageKey)
    width: int
    height: int
    content_type: str
    size_bytes: int
    placeholder: str
    tags: list[str] = Field(sa_type=JsonValue)
    """In their user's order; ``image_tags`` has them again, to find images by."""
    attributes: dict[str, Any] | None = Field(default=None, sa_type=JsonValue)
    """The client's ``metadata``; a table class cannot use that name."""
    cost: int = Field(sa_type=BigInteger)
    provider_cost: int = Field(sa_type=BigInteger)
    neurons: int = Field(sa_type=BigInteger)
    seconds: float
    is_preview: bool
    gateway_log_id: str | None = None
    """ID of the call in an AI Gateway's log."""
    request_kind: str | None = None
    """A ``RequestKind``; None: ``image_sources`` does not say what the image was made from."""
    template_version: int | None = None
    """The version of its template; None: unknown, or no template."""
    skipped_models: list[dict[str, str]] | None = Field(default=None, sa_type=JsonValue)
    """Models that the request names before ``model_id``, and why each was skipped; None: none."""
    provenance: dict[str, Any] | None = Field(default=None, sa_type=JsonValue)
    """What its file says about how it was made; None: unknown."""
    remade_from: str | None = None
    """The image that it is a remake of."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    missing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When an audit found that its file is gone."""
    purged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When its words were erased. The row stays, because its charge refers to it."""
    withheld_key: str | None = Field(default=None, sa_type=StorageKey)
    """Where its file is kept while the image is deleted; a key that cannot be guessed."""
    withheld_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When its file was moved to ``withheld_key``; None: it is under ``storage_key``."""
    file_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When its file is next moved or erased, as the row says; None: nothing is to be done."""


class ImageTagRow(SQLModel, table=True):
    """A tag of an image, with the image's page key, to find pages by."""

    __tablename__ = "image_tags"
    __table_args__ = (
        Index("ix_image_tags_page", "user_id", "tag", "created_at", "image_id"),
        Index("ix_image_tags_all_page", "tag", "created_at", "image_id"),
    )

    image_id: str = Field(primary_key=True, foreign_key="images.id")
    tag: str = Field(primary_key=True)
    user_id: str
    """The image's; neither this nor its ``created_at`` ever changes."""
    created_at: datetime = Field(sa_type=UtcDateTime)


class ImageSourceRow(SQLModel, table=True):
    """An image or upload that an image was generated from, with the page key of the new image."""

    __tablename__ = "image_sources"
    __table_args__ = (Index("ix_image_sources_page", "source_id", "created_at", "image_id"),)

    image_id: str = Field(primary_key=True, foreign_key="images.id")
    position: int = Field(primary_key=True)
    """From 0: the source images in their order, then the mask."""
    source_id: str
    """``img_…`` or ``src_…``; it is in one of two tables."""
    role: str
    """A ``SourceRole``."""
    created_at: datetime = Field(sa_type=UtcDateTime)


class SourceImageRow(SQLModel, table=True):
    """An uploaded image.

    A deleted one stays without its file, so that deleting it again succeeds.
    """

    __tablename__ = "source_images"
    __table_args__ = (
        Index("ix_source_images_page", "user_id", "created_at", "id"),
        Index("ix_source_images_all_page", "created_at", "id"),
        # In the order in which stores list their objects.
        Index("ix_source_images_storage_key", "storage_key"),
        Index(
            "ix_source_images_file_due",
            "file_due_at",
            sqlite_where=text("file_due_at IS NOT NULL"),
            postgresql_where=text("file_due_at IS NOT NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    user_id: str
    storage_key: str = Field(sa_type=StorageKey)
    width: int
    height: int
    content_type: str
    size_bytes: int
    created_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    missing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When an audit found that its file is gone."""
    file_due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When its file is next erased, because it is deleted; None: nothing is to be done."""
