"""The fields that a selection asks an object for, in the order in which they are answered."""

from collections.abc import Iterable, Mapping

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
    is_abstract_type,
)

from gql_server.graphql.plans.conditions import CONDITIONAL
from gql_server.graphql.plans.fields import Uncovered

FieldNodes = list[FieldNode]


class Selections:
    """Collects fields as graphql-core does, for one set of values of the conditions."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        conditions: Mapping[str, bool],
    ) -> None:
        """Take the schema, and what belongs to a valid document.

        Args:
            schema: The schema.
            fragments: The document's fragments, by name.
            conditions: The values of the variables of ``@include`` and ``@skip``.
        """
        self._schema = schema
        self.fragments = fragments
        self._conditions = conditions

    def fields(
        self, kind: GraphQLObjectType, selection_sets: Iterable[SelectionSetNode | None]
    ) -> dict[str, FieldNodes]:
        """Return the nodes of each field by its name in the answer.

        Raises:
            Uncovered: There is another directive than ``@include`` and ``@skip``.
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
            if selection.directives and not self._is_included(selection):
                continue
            if isinstance(selection, FieldNode):
                name = (selection.alias or selection.name).value
                found.setdefault(name, []).append(selection)
                continue
            if isinstance(selection, FragmentSpreadNode):
                if selection.name.value in visited:
                    continue
                visited.add(selection.name.value)
                fragment = self.fragments[selection.name.value]
                condition: str | None = fragment.type_condition.name.value
                inner = fragment.selection_set
            else:
                named = selection.type_condition  # type: ignore[attr-defined]  # an inline fragment
                condition = named.name.value if named else None
                inner = selection.selection_set  # type: ignore[attr-defined]  # likewise
            if condition is None or self._is_of(kind, condition):
                self._collect(kind, inner, found, visited)

    def _is_included(self, selection: SelectionNode) -> bool:
        return all(
            self._condition(directive) is (directive.name.value == "include")
            for directive in selection.directives or ()
        )

    def _condition(self, directive: DirectiveNode) -> bool:
        if directive.name.value not in CONDITIONAL:
            raise Uncovered("another directive")
        (argument,) = directive.arguments or ()
        match argument.value:
            case BooleanValueNode(value=value):
                return value
            case VariableNode(name=name):
                return self._conditions[name.value]
            case _:
                raise Uncovered("another condition")

    def _is_of(self, kind: GraphQLObjectType, condition: str) -> bool:
        if kind.name == condition:
            return True
        other = self._schema.get_type(condition)
        return is_abstract_type(other) and self._schema.is_sub_type(other, kind)
