"""Images that wait at a provider's address, and the calls' IDs in an AI Gateway's log.

Revision: 0017
Follows: 0016
"""

import sqlalchemy as sa
from alembic import op

from gql_server.database.engine.columns import JsonValue, UtcDateTime

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "remote_images",
        sa.Column("image_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("batch_id", sa.String(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("usage", JsonValue(), nullable=True),
        sa.Column("log_id", sa.String(), nullable=True),
        sa.Column("request", JsonValue(), nullable=False),
        sa.Column("accepted", JsonValue(), nullable=False),
        sa.Column("next_try_at", UtcDateTime(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("image_id", name="pk_remote_images"),
    )
    op.create_index("ix_remote_images_next_try_at", "remote_images", ["next_try_at"])
    op.add_column("images", sa.Column("gateway_log_id", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("images", "gateway_log_id")
    op.drop_index("ix_remote_images_next_try_at", "remote_images")
    op.drop_table("remote_images")
