"""An index of the unfinished batches of a user, whose images are limited.

Revision: 0027
Follows: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    condition = sa.text("finished_at IS NULL")
    op.create_index(
        "ix_batches_unfinished",
        "batches",
        ["user_id"],
        sqlite_where=condition,
        postgresql_where=condition,
    )


def downgrade() -> None:
    op.drop_index("ix_batches_unfinished", "batches")
