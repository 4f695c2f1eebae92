"""Objects with only those attributes whose columns were read."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Generic, TypeVar

from gql_server.api.context import Context

T = TypeVar("T")

Convert = Callable[[Any, Context], Any]
"""Makes an attribute's value of a column's."""


def as_read(value: Any, _context: Context) -> Any:
    """Return a column's value itself."""
    return value


class PartialObjects(Generic[T]):
    """Makes objects of one type from partial rows."""

    def __init__(self, kind: type[T], columns: Mapping[str, Mapping[str, Convert]]) -> None:
        """Take the type, and the columns that are not attributes of the same name and value.

        Args:
            kind: The type, a dataclass. Its constructor is not called: it would require all fields.
            columns: For each such column the attributes that are made of it.
        """
        self._kind: Final = kind
        self._columns: Final = columns

    def made(self, context: Context, rows: Sequence[Mapping[str, object]]) -> list[T]:
        """Return an object for each row; the rows have the same columns."""
        if not rows:
            return []
        steps = [step for column in rows[0] for step in self._steps(column)]
        found = []
        for row in rows:
            one = self._kind.__new__(self._kind)
            attributes = vars(one)
            for name, column, convert in steps:
                value = row[column]
                attributes[name] = value if convert is as_read else convert(value, context)
            found.append(one)
        return found

    def _steps(self, column: str) -> list[tuple[str, str, Convert]]:
        attributes = self._columns.get(column, {column: as_read})
        return [(name, column, convert) for name, convert in attributes.items()]
