"""Alembic's entry: it is handed an open connection and never makes one of its own."""

from alembic import context
from sqlalchemy import Connection, text

from gql_server.database.tables.metadata import metadata

# Any number that no other program takes on the same PostgreSQL: one migration at a time.
_ADVISORY_LOCK = 7_264_106_118


def _migrate(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})"))
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        render_as_batch=connection.dialect.name == "sqlite",
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


_migrate(context.config.attributes["connection"])
