"""How many entries the lists of an operation's variables have, counted before they are read.

Reading an entry against its type takes microseconds, and an object many times as long; so a body
within its bound could hold up everybody else for a minute.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from graphql import (
    DocumentNode,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLSchema,
    OperationDefinitionNode,
    get_named_type,
    get_nullable_type,
    is_input_type,
    type_from_ast,
)

MAX_OBJECTS: Final = 20_000
"""Twice the maximum of a batch, so that a batch that is too large gets ``userErrors``."""

MAX_ENTRIES: Final = 250_000
"""More than 10,000 images with as many tags and source images as they may have."""

ListTypes = Mapping[str, GraphQLInputType]
"""The types of an operation's variables in which lists can stand, by the variables' names."""


class Size(NamedTuple):
    """What lists hold, or more than is allowed of one of both."""

    entries: int
    objects: int

    @property
    def is_too_large(self) -> bool:
        """Whether it is more than is read."""
        return self.entries > MAX_ENTRIES or self.objects > MAX_OBJECTS


def list_types(schema: GraphQLSchema, document: DocumentNode) -> Mapping[str, ListTypes]:
    """Return the types for each operation of a valid document, by its name or "" without one."""
    return {
        definition.name.value if definition.name else "": dict(_list_types(schema, definition))
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
    }


def size_of_lists(types: ListTypes, variables: Mapping[str, Any]) -> Size:
    """Count the entries of the variables' lists, and the objects among them, up to the bounds."""
    size = Size(0, 0)
    waiting: list[tuple[GraphQLInputType, Any]]
    waiting = [(kind, variables.get(name)) for name, kind in types.items()]
    while waiting and not size.is_too_large:
        given, value = waiting.pop()
        kind = get_nullable_type(given)
        if isinstance(kind, GraphQLList):
            entries = value if isinstance(value, list) else [value]
            is_object = isinstance(get_named_type(kind), GraphQLInputObjectType)
            size = Size(
                size.entries + len(entries), size.objects + (len(entries) if is_object else 0)
            )
            inner_type = get_nullable_type(kind.of_type)
            is_nested = is_object or isinstance(inner_type, GraphQLList)
            if is_nested and not size.is_too_large:
                waiting.extend((kind.of_type, entry) for entry in entries)
        elif isinstance(kind, GraphQLInputObjectType) and isinstance(value, dict):
            waiting.extend(
                (kind.fields[name].type, inner)
                for name, inner in value.items()
                if name in kind.fields and isinstance(inner, list | dict)
            )
    return size


def _list_types(
    schema: GraphQLSchema, operation: OperationDefinitionNode
) -> Iterator[tuple[str, GraphQLInputType]]:
    for definition in operation.variable_definitions or ():
        kind = type_from_ast(schema, definition.type)
        if not is_input_type(kind):
            continue
        is_list = isinstance(get_nullable_type(kind), GraphQLList)
        if is_list or isinstance(get_named_type(kind), GraphQLInputObjectType):
            yield definition.variable.name.value, kind
