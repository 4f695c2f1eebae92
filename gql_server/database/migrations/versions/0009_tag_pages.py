"""Pages of images by tag: a tag has its image's owner and moment, and indexes in their order.

Revision: 0009
Follows: 0008
"""

import sqlalchemy as sa
from alembic import op

from gql_server.database.engine.columns import UtcDateTime

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SET LOCAL statement_timeout = 0")
    op.drop_index("ix_image_tags_tag", "image_tags")
    op.add_column("image_tags", sa.Column("user_id", sa.String(), nullable=True))
    op.add_column("image_tags", sa.Column("created_at", UtcDateTime(), nullable=True))
    op.execute(
        "UPDATE image_tags SET user_id = images.user_id, created_at = images.created_at"
        " FROM images WHERE images.id = image_tags.image_id"
    )
    with op.batch_alter_table("image_tags") as image_tags:
        image_tags.alter_column("user_id", existing_type=sa.String(), nullable=False)
        image_tags.alter_column("created_at", existing_type=UtcDateTime(), nullable=False)
    op.create_index(
        "ix_image_tags_page", "image_tags", ["user_id", "tag", "created_at", "image_id"]
    )
    op.create_index("ix_image_tags_all_page", "image_tags", ["tag", "created_at", "image_id"])


def downgrade() -> None:
    op.drop_index("ix_image_tags_all_page", "image_tags")
    op.drop_index("ix_image_tags_page", "image_tags")
    with op.batch_alter_table("image_tags") as image_tags:
        image_tags.drop_column("created_at")
        image_tags.drop_column("user_id")
    op.create_index("ix_image_tags_tag", "image_tags", ["tag", "image_id"])
