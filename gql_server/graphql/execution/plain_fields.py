"""How plain fields are read from their objects and written."""

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from math import isfinite
from operator import attrgetter
from typing import Any, Final

from graphql import (
    GraphQLBoolean,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)
from strawberry.types.field import StrawberryField

ATTRIBUTE_WITHOUT_ARGUMENTS: Final = "attribute_without_arguments"
"""In a field's metadata: the attribute with the field's value when it has no arguments."""

Read = Callable[[Any], Any]
"""Reads a field from its object."""

Write = Callable[[Any], Any]
"""Writes a value; raises anything if graphql-core must execute the field instead."""

DEFINITION: Final = "strawberry-definition"
_MIN_INT: Final = -(2**31)
_MAX_INT: Final = 2**31 - 1
_SURE_KINDS: Final = {str, int, float, bool, list, dict, datetime}
_UNCHANGED_KINDS: Final[Mapping[int, type]] = {
    id(GraphQLString): str,
    id(GraphQLID): str,
    id(GraphQLBoolean): bool,
    id(GraphQLInt): int,
    id(GraphQLFloat): float,
}
"""By leaf type: the type whose values graphql-core writes unchanged."""


def reader(definition: GraphQLField, *, has_arguments: bool) -> Read | None:
    """Return a reader of a plain field; None: the field has a resolver."""
    field = definition.extensions.get(DEFINITION)
    if not isinstance(field, StrawberryField) or field.extensions:
        return None
    if field.base_resolver is None:
        return attrgetter(field.python_name) if field.default_resolver is getattr else None
    attribute = field.metadata.get(ATTRIBUTE_WITHOUT_ARGUMENTS)
    return None if attribute is None or has_arguments else attrgetter(attribute)


def leaf_writer(leaf: GraphQLLeafType) -> Write:
    """Return a writer of plain values of a scalar or an enum."""
    coerce = leaf.coerce_output_value

    def write(value: Any) -> Any:
        # Other values may be awaitables, exceptions, or else that graphql-core handles first.
        if type(value) not in _SURE_KINDS and not isinstance(value, Enum):
            raise TypeError("no plain value")
        written = coerce(value)
        if written is None or written is Undefined:
            raise ValueError("no value")
        return written

    kind = _UNCHANGED_KINDS.get(id(leaf))
    return write if kind is None else _unchanged_writer(kind, write)


def _unchanged_writer(kind: type, otherwise: Write) -> Write:
    if kind is int:
        return lambda value: (
            value if type(value) is int and _MIN_INT <= value <= _MAX_INT else otherwise(value)
        )
    if kind is float:
        return lambda value: value if type(value) is float and isfinite(value) else otherwise(value)
    return lambda value: value if type(value) is kind else otherwise(value)


def list_writer(write_item: Write) -> Write:
    """Return a writer of lists of such values."""

    def write(value: Any) -> list[Any]:
        if type(value) is not list:
            raise TypeError("no list")
        return [write_item(item) for item in value]

    return write


def nullable_writer(write: Write) -> Write:
    """Return a writer of such values and of null."""
    return lambda value: None if value is None else write(value)
