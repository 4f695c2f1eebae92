"""Whether a JSON column has all of some plain values, on SQLite and PostgreSQL alike."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Boolean, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Mapped
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.expression import FunctionElement

PlainValue = str | int | float | bool


class _JsonContains(FunctionElement[bool]):
    type = Boolean()
    inherit_cache = True
    name = "json_contains"


def json_contains(
    column: Mapped[Any], values: Mapping[str, PlainValue] | Sequence[PlainValue]
) -> ColumnElement[bool]:
    """Return a condition that a JSON object has these keys and values, or a list these items.

    Numbers are equal by value; a text and a number never are, and neither are a boolean and 1.
    """
    return _JsonContains(column, bindparam(None, orjson.dumps(values).decode()))


@compiles(_JsonContains, "postgresql")
def _postgresql(element: _JsonContains, compiler: SQLCompiler, **given: Any) -> str:
    column, values = (compiler.process(one, **given) for one in element.clauses)
    return f"{column} @> CAST({values} AS JSONB)"


@compiles(_JsonContains, "sqlite")
def _sqlite(element: _JsonContains, compiler: SQLCompiler, **given: Any) -> str:
    column, values = (compiler.process(one, **given) for one in element.clauses)
    is_number = "IN ('integer', 'real')"
    # The inserted texts are SQL of SQLAlchemy's.
    return (
        f"NOT EXISTS (SELECT 1 FROM json_each({values}) AS given WHERE NOT EXISTS ("  # noqa: S608
        f"SELECT 1 FROM json_each({column}) AS kept "
        "WHERE (kept.key = given.key OR typeof(given.key) = 'integer') "
        "AND kept.atom = given.atom AND (kept.type = given.type "
        f"OR kept.type {is_number} AND given.type {is_number})))"
    )
