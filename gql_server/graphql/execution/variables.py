"""Variables that are read against their types beside the event loop, where they are many."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from graphql import DocumentNode, GraphQLError, GraphQLSchema, OperationDefinitionNode
from graphql.execution.values import VariableValues, get_variable_values

from gql_server.processes.bulk_work import bulk_work

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
    async with bulk_work():
        read = await asyncio.to_thread(
            get_variable_values, schema, definitions, dict(sent), max_errors=_MAX_ERRORS
        )
    return CoercedVariables(sent, read)


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
