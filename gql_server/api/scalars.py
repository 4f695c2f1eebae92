"""How moments are written and read."""

from typing import Final

import strawberry
from strawberry.types.scalar import ScalarDefinition

from gql_server.domain.clock import read_moment, to_iso

DATE_TIME: Final[ScalarDefinition] = strawberry.scalar(
    name="DateTime",
    description=(
        "A moment in ISO 8601: written in UTC with milliseconds, such as "
        "`2026-01-15T10:30:00.000Z`; read with any offset, or as a date, which is "
        "the start of that day in UTC."
    ),
    specified_by_url="https://scalars.graphql.org/andimarek/date-time",
    serialize=to_iso,
    parse_value=read_moment,
)
