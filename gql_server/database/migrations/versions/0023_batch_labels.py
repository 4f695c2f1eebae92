"""Names and labels of batches; owners of fetches; lists of webhooks.

Existing batches have none. Existing remote images, and those of the version before, have no owner.

Revision: 0023
Follows: 0022
"""

import sqlalchemy as sa
from alembic import op

from gql_server.database.engine.columns import JsonValue

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("batches", sa.Column("name", sa.String(), nullable=True))
    op.add_column("remote_images", sa.Column("process_id", sa.String(), nullable=True))
    op.create_index("ix_webhooks_all_page", "webhooks", ["created_at", "id"])
    op.create_index("ix_webhooks_page", "webhooks", ["user_id", "created_at", "id"])
    op.create_table(
        "batch_labels",
        sa.Column("batch_id", sa.String(), nullable=False),
        sa.Column("search_text", sa.Text(), nullable=False),
        sa.Column("tags", JsonValue(), nullable=False),
        sa.Column("details", JsonValue(), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_batch_labels_batch_id")
        ),
        sa.PrimaryKeyConstraint("batch_id", name=op.f("pk_batch_labels")),
    )


def downgrade() -> None:
    op.drop_table("batch_labels")
    op.drop_index("ix_webhooks_page", "webhooks")
    op.drop_index("ix_webhooks_all_page", "webhooks")
    op.drop_column("remote_images", "process_id")
    op.drop_column("batches", "name")
