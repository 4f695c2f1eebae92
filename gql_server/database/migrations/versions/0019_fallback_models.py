"""Models to try after the first: those of a template, and those that an image was not made by.

Revision: 0019
Follows: 0018
"""

import sqlalchemy as sa
from alembic import op

from gql_server.database.engine.columns import JsonValue

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("images", sa.Column("skipped_models", JsonValue(), nullable=True))
    op.add_column("templates", sa.Column("fallback_model_ids", JsonValue(), nullable=True))


def downgrade() -> None:
    op.drop_column("templates", "fallback_model_ids")
    op.drop_column("images", "skipped_models")
