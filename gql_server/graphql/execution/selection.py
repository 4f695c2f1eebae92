"""The fields that a client selected below a field, so that only their columns are read."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import strawberry
from graphql import FieldNode, FragmentSpreadNode, GraphQLResolveInfo, SelectionNode


def requested_columns(
    info: strawberry.Info[Any, Any], path: tuple[str, ...], columns: Mapping[str, tuple[str, ...]]
) -> frozenset[str]:
    """Return the columns that the fields selected below ``path`` are made of.

    Args:
        info: Of the resolver that reads the rows.
        path: The fields between that resolver and the rows, such as ``("edges", "node")``.
        columns: The columns that each field of the row is made of.
    """
    raw = info._raw_info  # noqa: SLF001 - Strawberry's own walk makes objects of every node
    fields: Iterable[FieldNode] = raw.field_nodes
    for name in path:
        fields = [field for field in _subfields(raw, fields) if field.name.value == name]
    return frozenset(
        column for field in _subfields(raw, fields) for column in columns.get(field.name.value, ())
    )


def _subfields(info: GraphQLResolveInfo[Any], fields: Iterable[FieldNode]) -> Iterator[FieldNode]:
    for field in fields:
        if field.selection_set is not None:
            yield from _flattened(info, field.selection_set.selections)


def _flattened(
    info: GraphQLResolveInfo[Any], selections: Iterable[SelectionNode]
) -> Iterator[FieldNode]:
    for selection in selections:
        if isinstance(selection, FieldNode):
            yield selection
        elif isinstance(selection, FragmentSpreadNode):
            fragment = info.fragments[selection.name.value]
            yield from _flattened(info, fragment.selection_set.selections)
        else:
            yield from _flattened(info, selection.selection_set.selections)  # type: ignore[attr-defined]  # an inline fragment
