"""How moments, seeds and JSON are written and read."""

from dataclasses import replace
from typing import Any, Final, NewType

import strawberry
from graphql import Undefined, ValueNode, value_from_ast_untyped
from strawberry.file_uploads import UploadDefinition
from strawberry.types.scalar import ScalarDefinition

from gql_server.domain.clock import read_moment, to_iso
from gql_server.domain.parameters import MAX_SEED, read_seed

Seed = NewType("Seed", int)
"""A seed of an image; beyond the 32 bits of GraphQL's Int."""

DATE_TIME: Final[ScalarDefinition] = strawberry.scalar(
    name="DateTime",
    description=(
        "An ISO 8601 timestamp. Output is in UTC with milliseconds, such as "
        "`2026-01-15T10:30:00.000Z`. Input may have any UTC offset, or be a "
        "plain date such as `2026-01-15`, which means the start of that day in "
        "UTC."
    ),
    specified_by_url="https://scalars.graphql.org/andimarek/date-time",
    serialize=to_iso,
    parse_value=read_moment,
)

SEED: Final[ScalarDefinition] = strawberry.scalar(
    name="Seed",
    description=(
        f"A whole number from 0 to {MAX_SEED} (2^53 - 1), such as `4294967295`. Written as a "
        "number; read as a number or as text. Each model has its own maximum: see "
        "`Model.parameters`."
    ),
    serialize=lambda value: value,
    parse_value=read_seed,
)


def _read_json_literal(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    return _without_undefined(value_from_ast_untyped(node, variables))


def _without_undefined(value: Any) -> Any:
    """Treat variables that are not given as any input does: left out of objects, null in lists."""
    if isinstance(value, dict):
        return {
            name: _without_undefined(one) for name, one in value.items() if one is not Undefined
        }
    if isinstance(value, list):
        return [None if one is Undefined else _without_undefined(one) for one in value]
    return value


UPLOAD: Final[ScalarDefinition] = replace(
    UploadDefinition,
    description="A file in a GraphQL multipart request. The variable is null, and the request's "
    "`map` names the part with the file.",
    specified_by_url="https://github.com/jaydenseric/graphql-multipart-request-spec",
)


_ECMA_404: Final = (
    "https://ecma-international.org/wp-content/uploads/ECMA-404_2nd_edition_december_2017.pdf"
)

JSON: Final[ScalarDefinition] = strawberry.scalar(
    name="JSON",
    description='Any JSON value, such as `{"order": 42}`, as specified by '
    f"[ECMA-404]({_ECMA_404}).",
    specified_by_url=_ECMA_404,
    serialize=lambda value: value,
    parse_value=lambda value: value,
    parse_literal=_read_json_literal,
)
