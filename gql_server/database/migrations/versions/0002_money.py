"""Money: adjustments, roll-ups of the ledger, processes, idempotency keys.

Revision: 0002
Follows: 0001
"""

import sqlalchemy as sa
from alembic import op

from gql_server.database.engine.columns import JsonValue, UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("charges") as charges:
        charges.alter_column("image_id", existing_type=sa.String(), nullable=True)
        charges.alter_column("model_id", existing_type=sa.String(), nullable=True)
        charges.add_column(sa.Column("reason", sa.String(), nullable=True))
    op.create_table(
        "cost_rollups",
        sa.Column("grouping", sa.SmallInteger(), nullable=False),
        sa.Column("span", sa.String(), nullable=False),
        sa.Column("is_preview", sa.Boolean(), nullable=False),
        sa.Column("starts_at", UtcDateTime(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("model_id", sa.String(), nullable=False),
        sa.Column("template_id", sa.String(), nullable=False),
        sa.Column("images", sa.BigInteger(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("provider_cost", sa.BigInteger(), nullable=False),
        sa.Column("neurons", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "grouping",
            "span",
            "is_preview",
            "starts_at",
            "user_id",
            "model_id",
            "template_id",
            name="pk_cost_rollups",
        ),
    )
    op.create_index(
        "ix_cost_rollups_user",
        "cost_rollups",
        ["grouping", "span", "is_preview", "user_id", "starts_at"],
    )
    op.create_table(
        "processes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("beat_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_processes"),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("operation", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("input_hash", sa.String(), nullable=False),
        sa.Column("result_id", sa.String(), nullable=False),
        sa.Column("accepted", JsonValue(), nullable=True),
        sa.Column("error", JsonValue(), nullable=True),
        sa.Column("process_id", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("completed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("user_id", "operation", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_completed_at", "idempotency_keys", ["completed_at"])


def downgrade() -> None:
    for table in ("idempotency_keys", "processes", "cost_rollups"):
        op.drop_table(table)
    op.execute("DELETE FROM charges WHERE kind <> 'charge'")
    with op.batch_alter_table("charges") as charges:
        charges.drop_column("reason")
        charges.alter_column("image_id", existing_type=sa.String(), nullable=False)
        charges.alter_column("model_id", existing_type=sa.String(), nullable=False)
