"""What each image's file says about how it was made, and which image it is a remake of.

Existing images keep null, which says that it is unknown.

Revision: 0021
Follows: 0020
"""

import sqlalchemy as sa
from alembic import op

from gql_server.database.engine.columns import JsonValue

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("images", sa.Column("provenance", JsonValue(), nullable=True))
    op.add_column("images", sa.Column("remade_from", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("images", "remade_from")
    op.drop_column("images", "provenance")
