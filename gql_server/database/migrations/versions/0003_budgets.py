"""Budgets: what may be spent, what is held for work in flight, and who asked by which key.

Revision: 0003
Follows: 0002
"""

import sqlalchemy as sa
from alembic import op

from gql_server.database.engine.columns import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_DIMENSIONS = (
    "grouping",
    "span",
    "is_preview",
    "starts_at",
    "user_id",
    "model_id",
    "template_id",
)


def upgrade() -> None:
    op.add_column("charges", sa.Column("key_id", sa.String(), nullable=True))
    with op.batch_alter_table("cost_rollups") as rollups:
        rollups.add_column(sa.Column("key_id", sa.String(), nullable=False, server_default=""))
        rollups.drop_constraint("pk_cost_rollups", type_="primary")
        rollups.create_primary_key("pk_cost_rollups", [*_DIMENSIONS, "key_id"])
    op.create_index(
        "ix_cost_rollups_key",
        "cost_rollups",
        ["key_id", "span", "starts_at"],
        sqlite_where=sa.text("grouping = 8"),
        postgresql_where=sa.text("grouping = 8"),
    )
    op.create_table(
        "budgets",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("subject_id", sa.String(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("is_hard", sa.Boolean(), nullable=False),
        sa.Column("webhook_url", sa.String(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_budgets"),
        sa.UniqueConstraint(
            "scope", "subject_id", "period", name="uq_budgets_scope_subject_id_period"
        ),
    )
    op.create_table(
        "budget_alerts",
        sa.Column("budget_id", sa.String(), nullable=False),
        sa.Column("period_starts_at", UtcDateTime(), nullable=False),
        sa.Column("percent", sa.SmallInteger(), nullable=False),
        sa.Column("reached_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["budget_id"],
            ["budgets.id"],
            name="fk_budget_alerts_budget_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "budget_id", "period_starts_at", "percent", name="pk_budget_alerts"
        ),
    )
    op.create_table(
        "reservations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("user_id", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=True),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("is_preview", sa.Boolean(), nullable=False),
        sa.Column("process_id", sa.String(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reservations"),
    )


def downgrade() -> None:
    for table in ("reservations", "budget_alerts", "budgets"):
        op.drop_table(table)
    op.drop_index("ix_cost_rollups_key", "cost_rollups")
    op.execute("DELETE FROM cost_rollups WHERE grouping = 8")
    with op.batch_alter_table("cost_rollups") as rollups:
        rollups.drop_constraint("pk_cost_rollups", type_="primary")
        rollups.drop_column("key_id")
        rollups.create_primary_key("pk_cost_rollups", list(_DIMENSIONS))
    with op.batch_alter_table("charges") as charges:
        charges.drop_column("key_id")
