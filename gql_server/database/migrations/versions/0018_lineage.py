"""What each image was generated from: source images, mask, and the version of its template.

Existing images keep null, which says that it is unknown.

Revision: 0018
Follows: 0017
"""

import sqlalchemy as sa
from alembic import op

from gql_server.database.engine.columns import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "image_sources",
        sa.Column("image_id", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["images.id"], name="fk_image_sources_image"),
        sa.PrimaryKeyConstraint("image_id", "position", name="pk_image_sources"),
    )
    op.create_index(
        "ix_image_sources_page", "image_sources", ["source_id", "created_at", "image_id"]
    )
    op.add_column("images", sa.Column("request_kind", sa.String(), nullable=True))
    op.add_column("images", sa.Column("template_version", sa.Integer(), nullable=True))
    # Servers of the version before insert templates without it.
    op.add_column(
        "templates", sa.Column("version", sa.Integer(), nullable=False, server_default="1")
    )


def downgrade() -> None:
    op.drop_column("templates", "version")
    op.drop_column("images", "template_version")
    op.drop_column("images", "request_kind")
    op.drop_index("ix_image_sources_page", "image_sources")
    op.drop_table("image_sources")
