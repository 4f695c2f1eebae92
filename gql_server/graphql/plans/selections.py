"""The fields that a selection asks an object for, in the order in which they are answered."""

from collections.abc import Iterable, Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    SelectionSetNode,
    is_abstract_type,
)

from gql_server.graphql.plans.fields import Uncovered

FieldNodes = list[FieldNode]


class Selections:
    """Collects fields as graphql-core does; those under directives are not covered."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> None:
        """Take the schema, and the fragments of a valid document by name."""
        self._schema = schema
        self._fragments = fragments

    def fields(
        self, kind: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode | None]
    ) -> dict[str, FieldNodes]:
        """Return the nodes of each field by its name in the answer.

        Raises:
            Uncovered: There is a directive, which decides when the operation is run.
        """
        found: dict[str, FieldNodes] = {}
        visited: set[str] = set()
        for selection_set in selection_sets:
            if selection_set is not None:
                self._collect(kind, selection_set, found, visited)
        return found

    def _collect(
        self,
        kind: GraphQLObjectType,
        selection_set: SelectionSetNode,
        found: dict[str, FieldNodes],
        visited: set[str],
    ) -> None:
        for selection in selection_set.selections:
            if selection.directives:
                raise Uncovered("a directive")
            if isinstance(selection, FieldNode):
                name = (selection.alias or selection.name).value
                found.setdefault(name, []).append(selection)
                continue
            if isinstance(selection, FragmentSpreadNode):
                if selection.name.value in visited:
                    continue
                visited.add(selection.name.value)
                fragment = self._fragments[selection.name.value]
                condition: str | None = fragment.type_condition.name.value
                inner = fragment.selection_set
            else:
                named = selection.type_condition  # type: ignore[attr-defined]  # an inline fragment
                condition = named.name.value if named else None
                inner = selection.selection_set  # type: ignore[attr-defined]  # likewise
            if condition is None or self._is_of(kind, condition):
                self._collect(kind, inner, found, visited)

    def _is_of(self, kind: GraphQLObjectType, condition: str) -> bool:
        if kind.name == condition:
            return True
        other = self._schema.get_type(condition)
        return is_abstract_type(other) and self._schema.is_sub_type(other, kind)
