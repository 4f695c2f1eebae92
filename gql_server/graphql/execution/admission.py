"""Which operations are run: those within the limits whose callers can pay for them."""

from typing import Any

from graphql import GraphQLError
from graphql import OperationType as DocumentOperation

from gql_server.graphql.execution.context import OperationContext
from gql_server.graphql.execution.documents import PreparedDocument
from gql_server.graphql.execution.limits import Limits, limit_error
from gql_server.graphql.execution.variable_lists import MAX_ENTRIES, MAX_OBJECTS


class Admission:
    """Checks operations against limits, and deducts their cost."""

    def __init__(self, limits: Limits) -> None:
        """Take the limits."""
        self._limits = limits

    async def admit(
        self,
        prepared: PreparedDocument,
        operation_name: str | None,
        variables: dict[str, Any] | None,
        context: OperationContext | None,
        *,
        pays_later: bool = False,
    ) -> tuple[int | None, list[GraphQLError]]:
        """Check an operation and deduct its estimated cost; return the cost and the errors.

        With ``pays_later``, a subscription costs nothing now: each of its events is deducted.
        """
        cost, errors = self._checked(prepared, operation_name, variables, context)
        if context is not None:
            is_subscription = pays_later and not errors and is_subscribing(prepared, operation_name)
            refused = await context.spend(0 if is_subscription else cost or 0)
            if not errors:
                name, kind = prepared.named(operation_name)
                due = 0 if is_subscription else cost or 0
                context.observe(name or None, kind.value, due, is_refused=refused is not None)
            if refused is not None:
                return cost, [refused]
        return cost, errors

    def extensions(
        self, cost: int | None, context: OperationContext | None
    ) -> dict[str, Any] | None:
        """Return the extensions of a response: its cost, and what is left of the allowance."""
        if cost is None:
            return None
        details: dict[str, Any] = {"estimated": cost, "limit": self._limits.cost}
        if context is not None:
            details.update(context.cost_details())
        return {"cost": details}

    def _checked(
        self,
        prepared: PreparedDocument,
        operation_name: str | None,
        variables: dict[str, Any] | None,
        context: OperationContext | None,
    ) -> tuple[int | None, list[GraphQLError]]:
        """Return the estimated cost of an operation, and the errors that prevent it."""
        if prepared.errors:
            return None, list(prepared.errors)
        if prepared.introspects and context is not None and not context.sees_schema:
            message = "Introspection is not allowed for this caller."
            return None, [GraphQLError(message, extensions={"code": "INTROSPECTION_DISABLED"})]
        error = prepared.choice_error(operation_name)
        if error is not None:
            return None, [error]
        cost, limit = prepared.cost(operation_name, variables), self._limits.cost
        if cost > limit:
            message = f"The operation would cost {cost}, more than this server allows: {limit}."
            hint = f"{message} Request smaller pages."
            return None, [limit_error("QUERY_TOO_COMPLEX", hint, limit)]
        if prepared.size_of_lists(operation_name, variables).is_too_large:
            message = (
                f"The lists of the variables may have {MAX_OBJECTS} objects and {MAX_ENTRIES} "
                "entries in all; they have more."
            )
            return None, [limit_error("VARIABLES_TOO_LARGE", message, MAX_ENTRIES)]
        return cost, []


def is_subscribing(prepared: PreparedDocument, operation_name: str | None) -> bool:
    """Return whether the operation to run is a subscription."""
    return prepared.operation_type(operation_name) is DocumentOperation.SUBSCRIPTION
