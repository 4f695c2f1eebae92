"""Column types that mean the same on SQLite and PostgreSQL, and the names of constraints."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, DateTime, Dialect, String, Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import SQLModel

# Names are given when a table is defined, so this is in a module that all table modules import.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class JsonValue(TypeDecorator[Any]):
    """A JSON value; JSONB on PostgreSQL. None is stored as SQL's NULL."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the database's own type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(JSONB(none_as_null=True))
        return dialect.type_descriptor(JSON(none_as_null=True))


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time in UTC: ``timestamptz`` on PostgreSQL, sortable text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Refuse a naive time, and store others in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return an aware time in UTC."""
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class StorageKey(TypeDecorator[str]):
    """A key of a store, ordered by its bytes on every database, as stores list their objects."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the order of bytes; SQLite has no other."""
        return dialect.type_descriptor(
            String(collation="C") if dialect.name == "postgresql" else String()
        )


def table_of(row: type[SQLModel]) -> Table:
    """Return the table of a row class."""
    table: Table = row.__table__  # type: ignore[attr-defined]  # SQLModel does not type it
    return table


def columns_of(row: type[SQLModel], names: Iterable[str] | None = None) -> tuple[Column[Any], ...]:
    """Return columns of a row class, all of them or those named, in the order of the names."""
    columns = table_of(row).columns
    return tuple(columns) if names is None else tuple(columns[name] for name in names)
