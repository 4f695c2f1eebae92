"""Roll-ups by month, summed up from those by day.

Revision: 0008
Follows: 0007
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_SUM_UP = """
INSERT INTO cost_rollups (grouping, span, is_preview, starts_at, user_id, model_id, template_id,
    key_id, images, amount, provider_cost, neurons)
SELECT grouping, 'month', is_preview, {month}, user_id, model_id, template_id,
    key_id, sum(images), sum(amount), sum(provider_cost), sum(neurons)
FROM cost_rollups
WHERE span = 'day'
GROUP BY 1, 3, 4, 5, 6, 7, 8
"""


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")
        month = "date_trunc('month', starts_at, 'UTC')"
    else:
        month = "substr(starts_at, 1, 7) || '-01 00:00:00.000000'"
    op.execute(_SUM_UP.format(month=month))


def downgrade() -> None:
    op.execute("DELETE FROM cost_rollups WHERE span = 'month'")
