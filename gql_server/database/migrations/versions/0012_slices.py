"""An index by slice: without it each of a batch's slices reads the whole batch.

Revision: 0012
Follows: 0011
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_batch_items_slice", "batch_items", ["batch_id", "slice", "position"])


def downgrade() -> None:
    op.drop_index("ix_batch_items_slice", "batch_items")
