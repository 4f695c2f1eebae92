"""The tables but those of batches, budgets and webhooks, which have modules of their own.

Money is in billionths of a dollar, neurons in thousandths.

Every row that belongs to someone has its owner in ``user_id``.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, SmallInteger, Text, text
from sqlmodel import Field, SQLModel

from gql_server.database.engine.columns import JsonValue, StorageKey, UtcDateTime


class ChargeKind(StrEnum):
    """What a row of the ledger is."""

    CHARGE = "charge"
    ADJUSTMENT = "adjustment"


class TemplateRow(SQLModel, table=True):
    """Settings saved for reuse; a deleted one stays for the images that were made with it."""

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
    default_prompt: str = Field(sa_type=Text)
    parameters: dict[str, Any] = Field(sa_type=JsonValue)
    created_at: datetime = Field(sa_type=UtcDateTime)
    updated_at: datetime = Field(sa_type=UtcDateTime)
    deleted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SourceImageRow(SQLModel, table=True):
    """An uploaded picture, for image to image.

    A deleted one stays without its file, so that deleting it again succeeds.
    """

    __tablename__ = "source_images"
    __table_args__ = (
        Index("ix_source_images_page", "user_id", "created_at", "id"),
        Index("ix_source_images_all_page", "created_at", "id"),
        # In the order in which stores list their objects.
        Index("ix_source_images_storage_key", "storage_key"),
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


class ImageRow(SQLModel, table=True):
    """A picture that was made, kept and charged."""

    __tablename__ = "images"
    __table_args__ = (
        Index("ix_images_page", "user_id", "created_at", "id"),
        Index("ix_images_model_page", "user_id", "model_id", "created_at", "id"),
        Index("ix_images_template_page", "template_id", "created_at", "id"),
        # An admin's lists have everyone's.
        Index("ix_images_all_page", "created_at", "id"),
        Index("ix_images_all_model_page", "model_id", "created_at", "id"),
        Index("ix_images_batch_page", "batch_id", "created_at", "id"),
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
    missing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When an audit found that its file is gone."""


class ImageTagRow(SQLModel, table=True):
    """A tag of an image, with what a list of images is ordered by, to find pages by."""

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


class ChargeRow(SQLModel, table=True):
    """A line of the ledger: an image's charge, written with it, or an operator's adjustment."""

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
    image_id: str | None = Field(default=None, foreign_key="images.id")
    """None for an adjustment of a user's account as a whole."""
    user_id: str
    model_id: str | None = None
    template_id: str | None = None
    key_id: str | None = None
    """The API key that it was asked for with."""
    amount: int = Field(sa_type=BigInteger)
    """Negative where an adjustment gives money back."""
    provider_cost: int = Field(sa_type=BigInteger)
    neurons: int = Field(sa_type=BigInteger)
    is_preview: bool
    reason: str | None = None
    """Why an adjustment was made."""
    created_at: datetime = Field(sa_type=UtcDateTime)


class CostRollupRow(SQLModel, table=True):
    """The ledger summed over quarters of an hour, days and months, written with each of its lines.

    A line is summed eight times over, once for each choice of user, model and template that a
    reader may ask by; ``grouping`` says which of the three a row tells apart (1, 2 and 4 added),
    and the others are empty text in it. What was asked for with an API key is summed once more,
    by the key alone (8), for the key's budget.
    """

    __tablename__ = "cost_rollups"
    __table_args__ = (
        Index(
            "ix_cost_rollups_user",
            "grouping",
            "span",
            "is_preview",
            "user_id",
            "starts_at",
        ),
        Index(
            "ix_cost_rollups_key",
            "key_id",
            "span",
            "starts_at",
            sqlite_where=text("grouping = 8"),
            postgresql_where=text("grouping = 8"),
        ),
    )

    grouping: int = Field(primary_key=True, sa_type=SmallInteger)
    span: str = Field(primary_key=True)
    is_preview: bool = Field(primary_key=True)
    starts_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    user_id: str = Field(primary_key=True)
    model_id: str = Field(primary_key=True)
    template_id: str = Field(primary_key=True)
    key_id: str = Field(default="", primary_key=True)
    images: int = Field(sa_type=BigInteger)
    amount: int = Field(sa_type=BigInteger)
    provider_cost: int = Field(sa_type=BigInteger)
    neurons: int = Field(sa_type=BigInteger)


class StoreRow(SQLModel, table=True):
    """The store that the pictures are in, as its marker names it; one row."""

    __tablename__ = "stores"

    purpose: str = Field(primary_key=True)
    """Always ``pictures``."""
    store_id: str
    adopted_at: datetime = Field(sa_type=UtcDateTime)


class ProcessRow(SQLModel, table=True):
    """A process that serves: what it holds is its own for as long as it beats."""

    __tablename__ = "processes"

    id: str = Field(primary_key=True)
    beat_at: datetime = Field(sa_type=UtcDateTime)


class RateLimitRow(SQLModel, table=True):
    """A limit over all processes, as the moment from which on nothing of it is used.

    Microseconds since 1970: when the next attempt of a kind at the provider is due, or when a
    user's allowance is whole.
    """

    __tablename__ = "rate_limits"

    kind: str = Field(primary_key=True)
    next_at: int = Field(sa_type=BigInteger)


class IdempotencyKeyRow(SQLModel, table=True):
    """A client's key for a request that spends, and what came of the request."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        Index("ix_idempotency_keys_completed_at", "completed_at"),
        Index("ix_idempotency_keys_result_id", "result_id"),
    )

    user_id: str = Field(primary_key=True)
    operation: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    input_hash: str
    result_id: str
    """The id that the result has or will have."""
    accepted: dict[str, Any] | None = Field(default=None, sa_type=JsonValue)
    """What was decided when the request was accepted, for whoever takes it over."""
    error: dict[str, Any] | None = Field(default=None, sa_type=JsonValue)
    """What was told, where the request failed for good."""
    process_id: str
    """Who works on it, while ``completed_at`` is empty; empty text when nobody does."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    completed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ModelRollupRow(SQLModel, table=True):
    """How a model's generations ended in an hour or a day, and how long pictures took.

    Those that took about as long share a ``bucket``; what brought no picture has bucket 0.
    """

    __tablename__ = "model_rollups"
    __table_args__ = ({"sqlite_with_rowid": False},)

    is_preview: bool = Field(primary_key=True)
    model_id: str = Field(primary_key=True)
    span: str = Field(primary_key=True)
    starts_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    outcome: str = Field(primary_key=True)
    bucket: int = Field(primary_key=True, sa_type=SmallInteger)
    generations: int = Field(sa_type=BigInteger)


class ApiKeyRow(SQLModel, table=True):
    """What somebody shows to say who they are; the secret itself is kept nowhere."""

    __tablename__ = "api_keys"
    __table_args__ = (Index("ix_api_keys_page", "created_at", "id"),)

    id: str = Field(primary_key=True)
    prefix: str = Field(unique=True)
    """The beginning of the secret, to find the row by and to tell keys apart."""
    secret_hash: str
    """SHA-256 of the whole secret, in hex."""
    user_id: str
    role: str
    name: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """To the minute or so."""
