"""The variables of ``@include`` and ``@skip``: an operation has a plan for each of their values."""

from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    VariableNode,
    Visitor,
    visit,
)

from gql_server.graphql.execution.documents import PreparedDocument

CONDITIONAL: Final = frozenset({"include", "skip"})
"""The directives that decide whether a field is selected."""

_MAX_CONDITIONS: Final = 3
"""Eight plans for one operation at most."""


class Conditions:
    """The variables that decide which fields an operation selects: each value has its own plan."""

    def __init__(self, variables: Mapping[str, bool | None]) -> None:
        """Take the names of the variables and their default values."""
        self._variables = variables

    def values_of(self, variables: Mapping[str, Any] | None) -> tuple[bool, ...] | None:
        """Return their values; None: there are too many, or graphql-core would refuse one."""
        if len(self._variables) > _MAX_CONDITIONS:
            return None
        given = variables or {}
        values = tuple(given.get(name, default) for name, default in self._variables.items())
        return values if all(type(value) is bool for value in values) else None

    def named(self, values: tuple[bool, ...]) -> dict[str, bool]:
        """Return values by the names of their variables."""
        return dict(zip(self._variables, values, strict=True))


def conditions_of(prepared: PreparedDocument, name: str | None) -> Conditions:
    """Return the conditions of an operation of a valid document."""
    operation = prepared.operation(name)
    if operation is None or prepared.document is None or not operation.variable_definitions:
        return Conditions({})
    used: set[str] = set()

    class FindConditions(Visitor):
        def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
            if node.name.value in CONDITIONAL:
                used.update(
                    argument.value.name.value
                    for argument in node.arguments or ()
                    if isinstance(argument.value, VariableNode)
                )

    visit(prepared.document, FindConditions())
    return Conditions(
        {
            definition.variable.name.value: definition.default_value.value
            if isinstance(definition.default_value, BooleanValueNode)
            else None
            for definition in operation.variable_definitions
            if definition.variable.name.value in used
        }
    )
