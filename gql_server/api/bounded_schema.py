"""A schema whose operations are bounded before they run, and whose errors are translated."""

from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLNamedType, GraphQLObjectType, GraphQLSchema
from strawberry.types import ExecutionContext, ExecutionResult

from gql_server.api.context import Context
from gql_server.api.documents import Documents, PreparedDocument, PreparedDocuments
from gql_server.api.errors import border_error, without_suggestion
from gql_server.api.limits import Limits, limit_error


class Schema(strawberry.Schema):
    """The schema; every error of an operation passes the border of ``api/errors.py``."""

    def __init__(self, limits: Limits, **definition: Any) -> None:
        super().__init__(**definition, extensions=[self._prepared_documents])
        self.documents = Documents(self._definition(), limits)
        self._limits = limits

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: Context | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> ExecutionResult:
        """Execute an operation that is within the limits, and translate its errors."""
        sees_schema = context_value is None or context_value.sees_schema
        suggests = context_value is None or context_value.sees_suggestions
        cost = None
        if query:
            prepared = self.documents.prepare(query)
            errors = _refusals(prepared, operation_name, sees_schema=sees_schema)
            if not errors:
                cost = prepared.cost(operation_name, variable_values)
                errors = _cost_errors(cost, self._limits)
            if errors:
                return _translated(ExecutionResult(data=None, errors=errors), suggests=suggests)
        result = await super().execute(
            query,
            variable_values,
            context_value,
            root_value,
            operation_name,
            *args,
            **kwargs,
        )
        if cost is not None:
            result.extensions = {
                **(result.extensions or {}),
                "cost": {"estimated": cost, "limit": self._limits.cost},
            }
        return _translated(result, suggests=suggests) if result.errors else result

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Leave the log to ``border_error``."""

    def _prepared_documents(self) -> PreparedDocuments:
        return PreparedDocuments(self.documents)

    def _definition(self) -> GraphQLSchema:
        kinds = {
            name: kind.implementation
            for name, kind in self.schema_converter.type_map.items()
            if isinstance(kind.implementation, GraphQLNamedType)
        }
        roots = (kinds.get(name) for name in ("Query", "Mutation", "Subscription"))
        query, mutation, subscription = (
            root if isinstance(root, GraphQLObjectType) else None for root in roots
        )
        return GraphQLSchema(query, mutation, subscription, types=list(kinds.values()))


def _refusals(
    prepared: PreparedDocument, operation_name: str | None, *, sees_schema: bool
) -> list[GraphQLError]:
    if prepared.errors:
        return list(prepared.errors)
    if prepared.introspects and not sees_schema:
        message = "This server does not describe its schema to this caller."
        return [GraphQLError(message, extensions={"code": "INTROSPECTION_DISABLED"})]
    error = prepared.choice_error(operation_name)
    return [error] if error is not None else []


def _cost_errors(cost: int, limits: Limits) -> list[GraphQLError]:
    if cost <= limits.cost:
        return []
    message = f"The operation would cost {cost}, more than this server allows: {limits.cost}."
    hint = f"{message} Ask for smaller pages."
    return [limit_error("QUERY_TOO_COMPLEX", hint, limits.cost)]


def _translated(result: ExecutionResult, *, suggests: bool) -> ExecutionResult:
    errors = [border_error(error) for error in result.errors or ()]
    result.errors = errors if suggests else [without_suggestion(error) for error in errors]
    return result
