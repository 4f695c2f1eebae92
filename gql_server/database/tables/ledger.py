"""The ledger and its sums. Money is in billionths of a dollar, neurons in thousandths."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, SmallInteger, text
from sqlmodel import Field, SQLModel

from gql_server.database.engine.columns import UtcDateTime


class ChargeKind(StrEnum):
    """The kind of a line of the ledger."""

    CHARGE = "charge"
    ADJUSTMENT = "adjustment"


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
    """The API key of the request."""
    amount: int = Field(sa_type=BigInteger)
    """Negative if an adjustment refunds money."""
    provider_cost: int = Field(sa_type=BigInteger)
    neurons: int = Field(sa_type=BigInteger)
    is_preview: bool
    reason: str | None = None
    """The reason of an adjustment."""
    created_at: datetime = Field(sa_type=UtcDateTime)


class CostRollupRow(SQLModel, table=True):
    """The ledger summed over quarters of an hour, days and months, written with each of its lines.

    Each line is summed eight times, for each combination of user, model and template; ``grouping``
    says which of the three a row distinguishes (1, 2 and 4 added), and the others are empty text in
    it. A line of an API key is summed once more, by the key alone (8), for the key's budget.
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


class ModelRollupRow(SQLModel, table=True):
    """The results of a model's generations in an hour or a day, and how long images took.

    Images that took about as long share a ``bucket``; other results have bucket 0.
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
