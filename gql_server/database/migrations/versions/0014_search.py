"""Search texts folded again: their letters match in every form that Unicode gives them.

Revision: 0014
Follows: 0013
"""

import sqlalchemy as sa
from alembic import op

from gql_server.domain.search import folded

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_AT_ONCE = 500
_IMAGES = sa.table(
    "images",
    sa.column("id", sa.String()),
    sa.column("prompt", sa.Text()),
    sa.column("search_text", sa.Text()),
)


def upgrade() -> None:
    connection = op.get_bind()
    columns = _IMAGES.c
    page = sa.select(columns.id, columns.prompt, columns.search_text).order_by(columns.id)
    change = (
        sa.update(_IMAGES)
        .where(columns.id == sa.bindparam("image"))
        .values(search_text=sa.bindparam("text"))
    )
    last = ""
    while rows := connection.execute(page.where(columns.id > last).limit(_AT_ONCE)).all():
        last = rows[-1].id
        changed = [
            {"image": row.id, "text": text}
            for row in rows
            if (text := folded(row.prompt)) != row.search_text
        ]
        if changed:
            connection.execute(change, changed)


def downgrade() -> None:
    """Leave the texts: the version before finds words in them too."""
