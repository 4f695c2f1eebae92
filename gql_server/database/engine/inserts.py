"""Inserts with ON CONFLICT: both dialects support it, each by a construct of its own."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import SQLModel


def insert_into(dialect: str, row: type[SQLModel]) -> postgresql.Insert | sqlite.Insert:
    """Return an insert into a table that supports ON CONFLICT."""
    return postgresql.insert(row) if dialect == "postgresql" else sqlite.insert(row)
