"""What writes objects whose selected fields are plain attributes."""

from collections.abc import Sequence
from typing import Any, Final

import orjson
from graphql import (
    FieldNode,
    GraphQLObjectType,
    GraphQLOutputType,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
)
from strawberry.types.base import StrawberryObjectDefinition

from gql_server.graphql.execution.plain_fields import (
    Read,
    Write,
    leaf_writer,
    list_writer,
    nullable_writer,
    reader,
)
from gql_server.graphql.plans.fields import Uncovered
from gql_server.graphql.plans.selections import Selections

_DEFINITION: Final = "strawberry-definition"
_MAX_KEPT: Final = 256


def writer(
    selections: Selections,
    field_type: GraphQLOutputType,
    nodes: Sequence[FieldNode],
    *,
    is_constant: bool,
) -> Write:
    """Return what makes JSON of a field's value; it raises where anything is not as expected.

    Args:
        selections: Collects the fields of the document.
        field_type: The type of the field.
        nodes: The nodes that select it.
        is_constant: Whether its objects never change, so that what is written of one is kept.

    Raises:
        Uncovered: A field below it is not a plain attribute.
    """
    inner = get_nullable_type(field_type)
    if is_leaf_type(inner):
        write = leaf_writer(inner)
    elif is_list_type(inner):
        write = list_writer(writer(selections, inner.of_type, nodes, is_constant=is_constant))
    elif is_object_type(inner):
        write = _object_writer(selections, inner, nodes)
        if is_constant:
            write = _keeping(write)
    else:
        raise Uncovered("an abstract type")
    return write if is_non_null_type(field_type) else nullable_writer(write)


def _object_writer(
    selections: Selections, kind: GraphQLObjectType, nodes: Sequence[FieldNode]
) -> Write:
    definition = kind.extensions.get(_DEFINITION)
    if not isinstance(definition, StrawberryObjectDefinition) or definition.is_type_of:
        raise Uncovered("a type with a check of its own")
    kinds = {definition.origin}
    if definition.concrete_of is not None:
        kinds.add(definition.concrete_of.origin)
    fields = [
        (name, *_field(selections, kind, inner))
        for name, inner in selections.fields(kind, [node.selection_set for node in nodes]).items()
    ]

    def write(value: Any) -> dict[str, Any]:
        if type(value) not in kinds:
            raise TypeError("another kind")
        return {name: write(read(value)) for name, read, write in fields}

    return write


def _field(
    selections: Selections, kind: GraphQLObjectType, nodes: Sequence[FieldNode]
) -> tuple[Read, Write]:
    node = nodes[0]
    if node.name.value == "__typename":
        return lambda _: kind.name, str
    definition = kind.fields[node.name.value]
    read = reader(definition, has_arguments=bool(node.arguments))
    if read is None:
        raise Uncovered("a field with a resolver")
    return read, writer(selections, definition.type, nodes, is_constant=False)


def _keeping(write: Write) -> Write:
    kept: dict[int, tuple[object, orjson.Fragment]] = {}

    def write_once(value: Any) -> orjson.Fragment:
        found = kept.get(id(value))
        if found is not None and found[0] is value:
            return found[1]
        if len(kept) >= _MAX_KEPT:
            kept.clear()
        fragment = orjson.Fragment(orjson.dumps(write(value)))
        kept[id(value)] = (value, fragment)
        return fragment

    return write_once
