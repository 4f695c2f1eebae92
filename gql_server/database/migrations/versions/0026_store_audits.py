"""How far a comparison of the store with the database has come, and withheld files in order.

Revision: 0026
Follows: 0025
"""

import sqlalchemy as sa
from alembic import op

from gql_server.database.engine.columns import JsonValue, UtcDateTime

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE images ALTER COLUMN withheld_key TYPE VARCHAR COLLATE "C"')
    condition = sa.text("withheld_key IS NOT NULL")
    op.create_index(
        "ix_images_withheld_key",
        "images",
        ["withheld_key"],
        sqlite_where=condition,
        postgresql_where=condition,
    )
    op.create_table(
        "store_audits",
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("state", JsonValue(), nullable=False),
        sa.Column("report", JsonValue(), nullable=False),
        sa.Column("last_report", JsonValue(), nullable=True),
        sa.Column("until", sa.Text(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", name="pk_store_audits"),
    )


def downgrade() -> None:
    op.drop_table("store_audits")
    op.drop_index("ix_images_withheld_key", "images")
    if op.get_bind().dialect.name == "postgresql":
        op.execute('ALTER TABLE images ALTER COLUMN withheld_key TYPE VARCHAR COLLATE "default"')
