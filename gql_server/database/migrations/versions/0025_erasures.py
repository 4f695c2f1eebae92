"""Erasures of many images or of all of a user's data.

Revision: 0025
Follows: 0024
"""

import sqlalchemy as sa
from alembic import op

from gql_server.database.engine.columns import JsonValue, UtcDateTime

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_UNFINISHED = sa.text("finished_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("images", JsonValue(), nullable=True),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("purged", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_erasures"),
    )
    op.create_index("ix_erasures_user", "erasures", ["user_id", "id"])
    op.create_index(
        "ix_erasures_unfinished",
        "erasures",
        ["created_at"],
        sqlite_where=_UNFINISHED,
        postgresql_where=_UNFINISHED,
    )


def downgrade() -> None:
    op.drop_table("erasures")
