"""Statements as text for the driver's own cursor, and conversion of its values."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, Protocol

import orjson
from sqlalchemy import Dialect, Select

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - SQLite has moments in UTC, without saying so
_MOMENT_LENGTH: Final = len("2026-01-15 10:30:00.000000")


class RawRead(NamedTuple):
    """A statement that only reads, compiled for one dialect.

    Attributes:
        text: The statement for the driver.
        constants: The values of parameters that do not change.
        processors: Convert parameters for the driver, where necessary.
        positions: The names of the parameters in order; None if they are named.
    """

    text: str
    constants: Mapping[str, Any]
    processors: Mapping[str, Callable[[Any], Any]]
    positions: Sequence[str] | None

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """Return the parameters for the driver."""
        known = {**self.constants, **values}
        for name, process in self.processors.items():
            known[name] = process(known[name])
        if self.positions is None:
            return known
        return [known[name] for name in self.positions]


def compiled(statement: Select[Any], dialect: Dialect, values: Mapping[str, Any]) -> RawRead:
    """Compile a statement; the lengths of lists among the values are part of its text."""
    made = statement.compile(dialect=dialect)
    state = made.construct_expanded_state({**made.params, **values})
    constants = {name: value for name, value in state.parameters.items() if name not in values}
    # Those of the state are only what lists were expanded to.
    processors = {
        name: process
        for name, bound in made.binds.items()
        if name in state.parameters
        and (process := bound.type.dialect_impl(dialect).bind_processor(dialect)) is not None
    }
    return RawRead(
        state.statement, constants, {**processors, **state.processors}, state.positiontup
    )


class RawValues(Protocol):
    """Converts the values that a driver's own cursor returns."""

    def moment(self, value: Any) -> str:
        """Write a time as ``2026-01-15T10:30:00.000Z``."""

    def microseconds(self, value: Any) -> int:
        """Return the microseconds from 1970 to a time."""

    def utc(self, value: Any) -> datetime:
        """Return a time, aware and in UTC."""

    def boolean(self, value: Any) -> bool:
        """Return a Boolean."""

    def json(self, value: Any) -> Any:
        """Return the value of a JSON column; None is SQL's NULL."""


class SqliteValues:
    """SQLite has times and JSON as text, and Booleans as numbers."""

    def moment(self, value: str) -> str:
        """Write a time, which is text such as ``2026-01-15 10:30:00.000000``."""
        if len(value) != _MOMENT_LENGTH:
            raise ValueError("a moment of another form")
        return f"{value[:10]}T{value[11:23]}Z"

    def microseconds(self, value: str) -> int:
        """Return the microseconds from 1970 to a time."""
        since = datetime.fromisoformat(value) - _NAIVE_EPOCH
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

    def utc(self, value: str) -> datetime:
        """Return a time, aware and in UTC."""
        return datetime.fromisoformat(value).replace(tzinfo=UTC)

    def boolean(self, value: int) -> bool:
        """Return a Boolean."""
        return bool(value)

    def json(self, value: str | None) -> Any:
        """Return the value of a JSON column."""
        return None if value is None else orjson.loads(value)


class PostgresValues:
    """PostgreSQL's driver has types of its own for them."""

    def moment(self, value: datetime) -> str:
        """Write a time."""
        text = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return f"{text[:23]}Z"

    def microseconds(self, value: datetime) -> int:
        """Return the microseconds from 1970 to a time."""
        since = value - _EPOCH
        return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds

    def utc(self, value: datetime) -> datetime:
        """Return a time, aware and in UTC."""
        return value.astimezone(UTC)

    def boolean(self, value: bool) -> bool:  # noqa: FBT001 - the value itself
        """Return a Boolean."""
        return value

    def json(self, value: Any) -> Any:
        """Return the value of a JSON column."""
        return value
