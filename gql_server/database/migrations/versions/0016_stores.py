"""The store that the pictures are in, and pictures whose files are gone.

Keys of the store are ordered by their bytes, as stores list them.

Revision: 0016
Follows: 0015
"""

import sqlalchemy as sa
from alembic import op

from gql_server.database.engine.columns import UtcDateTime

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_TABLES = ("images", "source_images")


def upgrade() -> None:
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        op.execute("SET LOCAL statement_timeout = 0")
    op.create_table(
        "stores",
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("store_id", sa.String(), nullable=False),
        sa.Column("adopted_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", name="pk_stores"),
    )
    for table in _TABLES:
        op.add_column(table, sa.Column("missing_since", UtcDateTime(), nullable=True))
        if is_postgresql:
            op.execute(f'ALTER TABLE {table} ALTER COLUMN storage_key TYPE VARCHAR COLLATE "C"')
    op.create_index("ix_source_images_storage_key", "source_images", ["storage_key"])


def downgrade() -> None:
    op.drop_index("ix_source_images_storage_key", "source_images")
    for table in _TABLES:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f'ALTER TABLE {table} ALTER COLUMN storage_key TYPE VARCHAR COLLATE "default"'
            )
        op.drop_column(table, "missing_since")
    op.drop_table("stores")
