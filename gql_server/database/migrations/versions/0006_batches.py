"""Batches and their items; images know their batch.

Revision: 0006
Follows: 0005
"""

import sqlalchemy as sa
from alembic import op

from gql_server.database.engine.columns import JsonValue, UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("paused_reason", sa.String(), nullable=True),
        sa.Column("resumes_at", UtcDateTime(), nullable=True),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("slices", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("queued", sa.Integer(), nullable=False),
        sa.Column("running", sa.Integer(), nullable=False),
        sa.Column("succeeded", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("canceled", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("cost", sa.BigInteger(), nullable=False),
        sa.Column("estimated_cost", sa.BigInteger(), nullable=False),
        sa.Column("typical_seconds", sa.Float(), nullable=False),
        sa.Column("is_preview", sa.Boolean(), nullable=False),
        sa.Column("retry_of", sa.String(), nullable=True),
        sa.Column("webhook_url", sa.String(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["retry_of"], ["batches.id"], name="fk_batches_retry_of"),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
    )
    op.create_index("ix_batches_all_page", "batches", ["created_at", "id"])
    op.create_index("ix_batches_page", "batches", ["user_id", "created_at", "id"])
    op.create_index("ix_batches_status", "batches", ["status", "created_at"])
    op.create_table(
        "batch_items",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("slice", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("prompt", sa.Text(), nullable=False),
        sa.Column("request", JsonValue(), nullable=False),
        sa.Column("accepted", JsonValue(), nullable=False),
        sa.Column("image_id", sa.String(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("error", JsonValue(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("process_id", sa.String(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_batch_items_batch_id"),
        sa.PrimaryKeyConstraint("id", name="pk_batch_items"),
    )
    op.create_index("ix_batch_items_page", "batch_items", ["batch_id", "created_at", "id"])
    op.create_index("ix_batch_items_sequence", "batch_items", ["batch_id", "sequence"])
    op.create_index(
        "ix_batch_items_status", "batch_items", ["batch_id", "status", "created_at", "id"]
    )
    op.add_column("images", sa.Column("batch_id", sa.String(), nullable=True))
    op.create_index("ix_images_batch_page", "images", ["batch_id", "created_at", "id"])


def downgrade() -> None:
    op.drop_index("ix_images_batch_page", "images")
    with op.batch_alter_table("images") as images:
        images.drop_column("batch_id")
    op.drop_table("batch_items")
    op.drop_table("batches")
