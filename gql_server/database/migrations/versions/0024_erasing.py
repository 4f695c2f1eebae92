"""Images that are purged, and files of deleted images that are out of reach.

The files of images that are deleted already are moved by the first server that starts.

Revision: 0024
Follows: 0023
"""

import sqlalchemy as sa
from alembic import op

from gql_server.database.engine.columns import UtcDateTime

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_PARTS = {
    "ix_images_file_due": ("images", ["file_due_at"], "file_due_at IS NOT NULL"),
    "ix_images_deleted": (
        "images",
        ["deleted_at", "id"],
        "deleted_at IS NOT NULL AND purged_at IS NULL",
    ),
    "ix_source_images_file_due": ("source_images", ["file_due_at"], "file_due_at IS NOT NULL"),
}


def upgrade() -> None:
    op.add_column("images", sa.Column("purged_at", UtcDateTime(), nullable=True))
    op.add_column("images", sa.Column("withheld_key", sa.String(), nullable=True))
    op.add_column("images", sa.Column("withheld_at", UtcDateTime(), nullable=True))
    for table in ("images", "source_images"):
        op.add_column(table, sa.Column("file_due_at", UtcDateTime(), nullable=True))
    op.execute("UPDATE images SET file_due_at = deleted_at WHERE deleted_at IS NOT NULL")
    for name, (table, columns, condition) in _PARTS.items():
        op.create_index(
            name,
            table,
            columns,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )


def downgrade() -> None:
    for name, (table, *_) in _PARTS.items():
        op.drop_index(name, table)
    for column in ("purged_at", "withheld_key", "withheld_at"):
        op.drop_column("images", column)
    for table in ("images", "source_images"):
        op.drop_column(table, "file_due_at")
