"""Batches of one, which are in no list of batches; lists of images by cost and by size.

Revision: 0020
Follows: 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_LISTS = {
    "ix_images_cost_page": ("user_id", "cost", "id"),
    "ix_images_size_page": ("user_id", "size_bytes", "id"),
    "ix_images_all_cost_page": ("cost", "id"),
    "ix_images_all_size_page": ("size_bytes", "id"),
}


def upgrade() -> None:
    # Servers of the version before insert batches without it.
    op.add_column(
        "batches",
        sa.Column("is_single", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.drop_index("ix_batches_page", "batches")
    op.drop_index("ix_batches_all_page", "batches")
    op.create_index("ix_batches_page", "batches", ["user_id", "is_single", "created_at", "id"])
    op.create_index("ix_batches_all_page", "batches", ["is_single", "created_at", "id"])
    for name, columns in _LISTS.items():
        op.create_index(name, "images", list(columns))


def downgrade() -> None:
    for name in _LISTS:
        op.drop_index(name, "images")
    op.drop_index("ix_batches_all_page", "batches")
    op.drop_index("ix_batches_page", "batches")
    op.create_index("ix_batches_page", "batches", ["user_id", "created_at", "id"])
    op.create_index("ix_batches_all_page", "batches", ["created_at", "id"])
    op.drop_column("batches", "is_single")
