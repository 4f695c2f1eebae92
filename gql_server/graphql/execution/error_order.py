"""The order of an answer's errors: that of the fields in the answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError

_Key = tuple[tuple[int, str], ...]


def in_order_of_fields(
    errors: Sequence[GraphQLError], data: Mapping[str, Any] | None
) -> list[GraphQLError]:
    """Return errors in the order in which the answer has their fields.

    graphql-core collects errors as fields complete, so that siblings which wait for something
    report theirs in an order of chance. Below a field that an error made null the answer has no
    fields: there the position in the document counts.

    Args:
        errors: As they were collected.
        data: The answer's.
    """
    indices: dict[int, dict[str, int]] = {}

    def key(error: GraphQLError) -> tuple[_Key, int]:
        position: list[tuple[int, str]] = []
        value: Any = data
        for part in error.path or ():
            if isinstance(part, int):
                position.append((part, ""))
                is_there = isinstance(value, list) and part < len(value)
                value = value[part] if is_there else None
            elif isinstance(value, dict):
                if id(value) not in indices:
                    indices[id(value)] = {name: index for index, name in enumerate(value)}
                position.append((indices[id(value)].get(part, len(value)), part))
                value = value.get(part)
            else:
                break
        return tuple(position), next(iter(error.positions or ()), 0)

    return sorted(errors, key=key)
