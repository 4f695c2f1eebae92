"""How models do: their generations by end, hour and day, and how long pictures took.

Revision: 0004
Follows: 0003
"""

import sqlalchemy as sa
from alembic import op

from gql_server.database.engine.columns import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "model_rollups",
        sa.Column("is_preview", sa.Boolean(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("span", sa.String(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("generations", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "is_preview",
            "model_id",
            "span",
            "starts_at",
            "outcome",
            "bucket",
            name="pk_model_rollups",
        ),
        sqlite_with_rowid=False,  # the rows lie in the order of the key, as they are read
    )


def downgrade() -> None:
    op.drop_table("model_rollups")
