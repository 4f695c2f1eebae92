"""Which subscriptions are the same operation, but for where they begin."""

from collections.abc import Hashable, Mapping
from typing import Any, Final

import orjson
from graphql import (
    FieldNode,
    Node,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)

from gql_server.graphql.execution.plan_cache import plans_of

_PLACE: Final = "variable of the position"


def operation_key(
    operation: OperationDefinitionNode,
    fragments: Mapping[str, Node],
    variables: Mapping[str, Any] | None,
    position_argument: str | None,
) -> Hashable:
    """Return the key that distinguishes a subscription from others.

    Args:
        operation: The operation.
        fragments: The fragments of its document.
        variables: The variables as they were sent.
        position_argument: The argument of the subscription's field that says where it begins.
    """
    source = operation.loc.source.body if operation.loc is not None else operation
    name = operation.name.value if operation.name is not None else None
    left_out = None
    if position_argument is not None:
        plans = plans_of(operation)
        if (_PLACE, position_argument) not in plans:
            found = _position_variable(operation, fragments, position_argument)
            plans[_PLACE, position_argument] = found
        left_out = plans[_PLACE, position_argument]
    sent = {key: value for key, value in (variables or {}).items() if key != left_out}
    try:
        # Decoded: orjson's bytes keep a kilobyte and more, and every subscriber has a key.
        return source, name, orjson.dumps(sent, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError:
        return object()  # a file, or whatever else has no equal


def _position_variable(
    operation: OperationDefinitionNode, fragments: Mapping[str, Node], argument: str
) -> str | None:
    """Return the variable that is the argument's value and used for nothing else."""
    names = [
        one.value.name.value
        for selection in operation.selection_set.selections
        if isinstance(selection, FieldNode)
        for one in selection.arguments or ()
        if one.name.value == argument and isinstance(one.value, VariableNode)
    ]
    if not names:
        return None
    uses = _Uses(names[0])
    for node in (operation.selection_set, *(operation.directives or ()), *fragments.values()):
        visit(node, uses)
    return names[0] if uses.count == 1 else None


class _Uses(Visitor):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.count = 0
        self._name = name

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        if node.name.value == self._name:
            self.count += 1
