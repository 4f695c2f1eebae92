"""Variables that are read against their types beside the event loop, where they are many."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    VariableDefinitionNode,
    is_input_type,
    type_from_ast,
    validate_input_value,
)
from graphql.execution.values import VariableValues, get_variable_values
from graphql.pyutils import inspect, print_path_list

from gql_server.processes.bulk_work import bulk_work
from gql_server.quoting import quoted

MANY_ENTRIES: Final = 200
"""From so many entries of lists on, reading them would hold up other requests."""
_MAX_ERRORS: Final = 50


class CoercedVariables(dict[str, Any]):
    """An operation's variables as they were sent, and as they were read.

    Attributes:
        read: The values that execution takes, or what is wrong with them.
    """

    def __init__(self, sent: Mapping[str, Any], read: VariableValues | list[GraphQLError]) -> None:
        """Take both."""
        super().__init__(sent)
        self.read = read


async def read_beside_the_loop(
    schema: GraphQLSchema, operation: OperationDefinitionNode, sent: Mapping[str, Any]
) -> CoercedVariables:
    """Read an operation's variables against their types, in a thread."""
    definitions = operation.variable_definitions or ()

    def read() -> VariableValues | list[GraphQLError]:
        found = get_variable_values(schema, definitions, dict(sent), max_errors=_MAX_ERRORS)
        return in_json(found, schema, sent) if isinstance(found, list) else found

    async with bulk_work():
        return CoercedVariables(sent, await asyncio.to_thread(read))


def in_json(
    errors: Sequence[GraphQLError], schema: GraphQLSchema, sent: Mapping[str, Any]
) -> list[GraphQLError]:
    """Return the errors of an operation's variables, with the values as JSON.

    graphql-core shows them as Python writes them: ``None`` for ``null``, ``{'a': True}``.
    """
    found: list[GraphQLError] = []
    seen: set[str] = set()
    for error in errors:
        node = error.nodes[0] if error.nodes else None
        if error.original_error is None or not isinstance(node, VariableDefinitionNode):
            found.append(error)
        elif node.variable.name.value not in seen:
            seen.add(node.variable.name.value)
            found.extend(_errors_of_variable(schema, node, sent))
    return found[:_MAX_ERRORS]


def _errors_of_variable(
    schema: GraphQLSchema, node: VariableDefinitionNode, sent: Mapping[str, Any]
) -> list[GraphQLError]:
    name = node.variable.name.value
    kind = type_from_ast(schema, node.type)
    errors: list[GraphQLError] = []

    def on_error(error: GraphQLError, path: list[str | int]) -> None:
        if len(errors) < _MAX_ERRORS:
            details = _with_json(error.message, _at(sent.get(name, Undefined), path))
            message = f"Variable '${name}' has invalid value{print_path_list(path)}: {details}"
            errors.append(GraphQLError(message, node, original_error=error))

    if is_input_type(kind):
        validate_input_value(sent.get(name, Undefined), kind, on_error)
    return errors


def _at(value: Any, path: Sequence[str | int]) -> Any:
    for key in path:
        value = value[key]
    return value


def _with_json(message: str, value: Any) -> str:
    """Write a value as JSON where a message shows it, which is after its last colon."""
    before, found, after = message.rpartition(f": {inspect(value)}")
    return f"{before}: {quoted(value)}{after}" if found else message


def without_variables(document: DocumentNode) -> DocumentNode:
    """Return a document whose operations declare no variables; its selections are the same."""
    definitions = [
        OperationDefinitionNode(
            operation=definition.operation,
            name=definition.name,
            directives=definition.directives,
            selection_set=definition.selection_set,
            loc=definition.loc,
        )
        if isinstance(definition, OperationDefinitionNode)
        else definition
        for definition in document.definitions
    ]
    return DocumentNode(definitions=tuple(definitions), loc=document.loc)
