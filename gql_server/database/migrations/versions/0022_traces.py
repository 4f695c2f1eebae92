"""The trace of the request that a batch was accepted by, for its jobs and its webhook.

Existing batches and webhooks keep null: their work starts traces of its own.

Revision: 0022
Follows: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batches", sa.Column("traceparent", sa.String(), nullable=True))
    op.add_column("webhooks", sa.Column("traceparent", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("webhooks", "traceparent")
    op.drop_column("batches", "traceparent")
