"""When a batch was paused, and since when it would have worked without its pauses.

Revision: 0011
Follows: 0010
"""

import sqlalchemy as sa
from alembic import op

from gql_server.database.engine.columns import UtcDateTime

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batches", sa.Column("paused_at", UtcDateTime(), nullable=True))
    op.add_column("batches", sa.Column("working_since", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("batches", "working_since")
    op.drop_column("batches", "paused_at")
