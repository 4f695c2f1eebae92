"""An index of keys by their result: what is held for a request that can be resumed stays held.

Revision: 0013
Follows: 0012
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_idempotency_keys_result_id", "idempotency_keys", ["result_id"])


def downgrade() -> None:
    op.drop_index("ix_idempotency_keys_result_id", "idempotency_keys")
