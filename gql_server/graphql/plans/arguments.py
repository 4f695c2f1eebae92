"""The arguments of root fields, read once for the same variables."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson
from cachetools import LRUCache
from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLSchema,
    OperationDefinitionNode,
    get_argument_values,
)
from graphql.execution.values import VariableValues, get_variable_values
from strawberry.types.field import StrawberryField

from gql_server.graphql.plans.fields import Arguments, Uncovered

Convert = Callable[[StrawberryField, dict[str, Any]], dict[str, Any]]
"""Makes a resolver's arguments of those that graphql-core read."""

_MAX_KEPT: Final = 4_096
_MAX_BYTES: Final = 512
"""Variables that are longer are read each time."""

_kept: Final[LRUCache[tuple["RootArguments", bytes], Sequence[Arguments]]] = LRUCache(_MAX_KEPT)
"""By the object itself and not its identity, which another could have later."""


class RootArguments:
    """Reads the arguments of an operation's root fields, each from its node."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fields: Sequence[tuple[GraphQLField, StrawberryField, FieldNode]],
        convert: Convert,
    ) -> None:
        """Take the root fields of an operation, in their order."""
        self._schema = schema
        self._definitions = operation.variable_definitions or ()
        self._fields = fields
        self._convert = convert
        self._is_forgotten = False
        self._constant = self._read(None) if not self._definitions else None

    def of(self, variables: Mapping[str, Any] | None) -> Sequence[Arguments]:
        """Return the arguments of each root field; they are shared and must not be changed.

        Raises:
            Uncovered: A variable has no value that its type takes.
            GraphQLError: An argument has none.
        """
        if self._constant is not None:
            return self._constant
        try:
            key = (self, orjson.dumps(variables))
        except TypeError:
            raise Uncovered("a file") from None
        found = _kept.get(key)
        if found is None:
            read = get_variable_values(self._schema, self._definitions, dict(variables or {}))
            if isinstance(read, list):
                raise Uncovered("a variable that its type does not take")
            found = self._read(read)
            if len(key[1]) <= _MAX_BYTES and not self._is_forgotten:
                _kept[key] = found
        return found

    def forget(self) -> None:
        """Drop what was kept, and keep nothing more for requests that still run."""
        self._is_forgotten = True
        for key in [key for key in _kept if key[0] is self]:
            del _kept[key]

    def _read(self, variables: VariableValues | None) -> Sequence[Arguments]:
        return [
            self._convert(strawberry_field, get_argument_values(field, node, variables))
            for field, strawberry_field, node in self._fields
        ]
