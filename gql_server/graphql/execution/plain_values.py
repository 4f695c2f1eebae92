"""Arguments as plain Python values, read before anything is coerced.

Estimates need numbers and lengths, and must not cost what reading ten thousand input objects
costs. A value is taken as coercion would take it at most: ``100.0`` is 100 where an integer is
expected, and a single value stands for a list of one.
"""

from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    BooleanValueNode,
    FieldNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
    VariableNode,
)

_MAX_DIGITS: Final = 12
_LARGE: Final = 10**_MAX_DIGITS
_MISSING: Final = object()


class Variables:
    """The values of an operation's variables: what the client sent, or else the defaults."""

    def __init__(self, sent: Mapping[str, Any], defaults: Mapping[str, Any]) -> None:
        """Take both."""
        self._sent = sent
        self._defaults = defaults

    def get(self, name: str) -> Any:
        """Return a variable's value; ``_MISSING`` where it has none."""
        value = self._sent.get(name, _MISSING)
        return self._defaults.get(name, _MISSING) if value is _MISSING else value


def defaults_of(operation: OperationDefinitionNode) -> Mapping[str, Any]:
    """Return the defaults of an operation's variables."""
    nothing = Variables({}, {})
    return {
        definition.variable.name.value: plain(definition.default_value, nothing)
        for definition in operation.variable_definitions or ()
        if definition.default_value is not None
    }


def has_variables(node: FieldNode) -> bool:
    """Return whether a field's arguments depend on variables."""
    return any(_depends(argument.value) for argument in node.arguments or ())


def arguments_of(node: FieldNode, variables: Variables) -> Mapping[str, Any]:
    """Return a field's arguments; those that are left out are missing."""
    given = {
        argument.name.value: plain(argument.value, variables) for argument in node.arguments or ()
    }
    return {name: value for name, value in given.items() if value is not _MISSING}


def plain(node: ValueNode, variables: Variables) -> Any:  # noqa: PLR0911 - one for each literal
    """Return a literal's value, with its variables filled in."""
    match node:
        case VariableNode():
            return variables.get(node.name.value)
        case ListValueNode():
            found = [plain(value, variables) for value in node.values]
            return [None if value is _MISSING else value for value in found]
        case ObjectValueNode():
            fields = {field.name.value: plain(field.value, variables) for field in node.fields}
            return {name: value for name, value in fields.items() if value is not _MISSING}
        case IntValueNode():
            # Longer ones are out of every range, and Python refuses to read very long ones.
            return int(node.value) if len(node.value) <= _MAX_DIGITS else _LARGE
        case FloatValueNode():
            return float(node.value)
        case BooleanValueNode():
            return node.value
        case NullValueNode():
            return None
        case _:
            return getattr(node, "value", None)


def whole_number(value: object) -> int | None:
    """Return what coercion would make of a value that is to be an integer; None: nothing."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) else None


def length(value: object) -> int:
    """Return how many entries coercion would make of a value that is to be a list."""
    if value is None:
        return 0
    return len(value) if isinstance(value, list) else 1


def _depends(node: ValueNode) -> bool:
    match node:
        case VariableNode():
            return True
        case ListValueNode():
            return any(map(_depends, node.values))
        case ObjectValueNode():
            return any(_depends(field.value) for field in node.fields)
        case _:
            return False
