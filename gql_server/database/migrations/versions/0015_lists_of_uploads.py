"""Lists of uploads: indexes in their order, and deleted uploads that are remembered.

Revision: 0015
Follows: 0014
"""

import sqlalchemy as sa
from alembic import op

from gql_server.database.engine.columns import UtcDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("source_images", sa.Column("deleted_at", UtcDateTime(), nullable=True))
    op.create_index("ix_source_images_page", "source_images", ["user_id", "created_at", "id"])
    op.create_index("ix_source_images_all_page", "source_images", ["created_at", "id"])
    op.drop_index("ix_source_images_user_id", "source_images")


def downgrade() -> None:
    # To the version before a deleted upload would be there again, without its file.
    op.execute("DELETE FROM source_images WHERE deleted_at IS NOT NULL")
    op.create_index("ix_source_images_user_id", "source_images", ["user_id"])
    op.drop_index("ix_source_images_all_page", "source_images")
    op.drop_index("ix_source_images_page", "source_images")
    op.drop_column("source_images", "deleted_at")
