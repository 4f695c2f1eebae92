"""How moments are written and read."""

from datetime import UTC, datetime
from typing import Any, Final

import strawberry
from strawberry.types.scalar import ScalarDefinition

from gql_server.domain.clock import to_iso

_FORM = "a moment such as 2026-01-15T10:30:00.000Z, with its offset from UTC"


def _read(value: Any) -> datetime:
    if not isinstance(value, str):
        raise TypeError(f"A DateTime is {_FORM}")
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("no offset")
        return moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{value!r} is not {_FORM}") from error


DATE_TIME: Final[ScalarDefinition] = strawberry.scalar(
    name="DateTime",
    description=(
        "A moment in ISO 8601: written in UTC with milliseconds, such as "
        "`2026-01-15T10:30:00.000Z`; read with any offset."
    ),
    specified_by_url="https://scalars.graphql.org/andimarek/date-time",
    serialize=to_iso,
    parse_value=_read,
)
