"""A schema whose operations are bounded before they run, and whose errors are translated."""

from collections.abc import Iterable
from contextlib import aclosing
from typing import Any, Final

import orjson
import strawberry
import structlog
from graphql import GraphQLError, GraphQLNamedType, GraphQLObjectType, GraphQLSchema
from graphql.execution import Executor
from strawberry.exceptions import MissingQueryError
from strawberry.schema.schema import StreamResult
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.arguments import convert_arguments
from strawberry.types.execution import PreExecutionError
from strawberry.types.field import StrawberryField
from strawberry.types.graphql import OperationType

from gql_server.graphql.execution.admission import Admission, is_subscribing
from gql_server.graphql.execution.context import OperationContext
from gql_server.graphql.execution.documents import Documents, PreparedDocument, PreparedDocuments
from gql_server.graphql.execution.errors import TranslateError, coded_error, without_suggestion
from gql_server.graphql.execution.limits import Limits
from gql_server.graphql.execution.query_cost import PageSizes, unweighed_lists
from gql_server.graphql.execution.subscriptions import Subscriptions
from gql_server.graphql.execution.variables import MANY_ENTRIES, read_beside_the_loop
from gql_server.graphql.plans.operations import Plans

log = structlog.get_logger(__name__)


class Schema(strawberry.Schema):
    """A schema whose operations are limited, and whose errors the application translates.

    Operations come as a document, variables, a context, a root, a name and the allowed types,
    in Strawberry's order.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        translate: TranslateError = coded_error,
        page_sizes: PageSizes = PageSizes(),  # noqa: B008 - immutable
        **definition: Any,
    ) -> None:
        """Take the limits of operations, and the definition of a Strawberry schema.

        Args:
            limits: The limits of an operation.
            translate: Turns every error of an operation into what its client gets.
            page_sizes: How many objects a connection returns.
            definition: The arguments of Strawberry's schema.

        Raises:
            LookupError: A list of objects does not say how many it can have.
        """
        super().__init__(**definition, extensions=[self._prepared_documents])
        executable = self._definition()
        unweighed = unweighed_lists(executable)
        if unweighed:
            raise LookupError(f"Lists without a size (see weights.py): {', '.join(unweighed)}")
        self.documents = Documents(executable, limits, page_sizes)
        self.translate: Final = translate
        self._admission = Admission(limits)
        self._subscriptions = Subscriptions(
            self._schema, self.execution_context_class or Executor, self._translated
        )
        self.plans = Plans(self._schema, self._converted)

    async def execute(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: OperationContext | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, Any] | None = None,
    ) -> ExecutionResult:
        """Execute an operation that is within the limits, and translate its errors."""
        cost = None
        if query:
            prepared = self.documents.prepare(query)
            cost, errors = await self._admission.admit(
                prepared, operation_name, variable_values, context_value
            )
            if errors:
                return self._refused(errors, cost, context_value)
        return await self._execute_admitted(
            cost,
            query,
            variable_values,
            context_value,
            root_value,
            operation_name,
            allowed_operation_types,
            operation_extensions,
        )

    async def answer(
        self,
        query: str,
        variables: dict[str, Any] | None,
        context: OperationContext,
        operation_name: str | None,
    ) -> bytes | ExecutionResult | None:
        """Answer a query by its plan; as the JSON of the whole answer, where nothing was wrong.

        Returns:
            JSON, or a result where the document or the operation is refused or the plan met
            anything unexpected; None: there is no plan, and nothing was done.
        """
        prepared = await self.documents.prepare_in_turn(query)
        if prepared.errors:
            # Refused here: it is not kept, so that executing it would prepare it once more.
            cost, errors = await self._admission.admit(prepared, operation_name, variables, context)
            return self._refused(errors, cost, context)
        plan = self.plans.plan(prepared, operation_name, variables)
        if plan is None:
            return None
        if variables and prepared.size_of_lists(operation_name, variables).entries >= MANY_ENTRIES:
            return None
        cost, errors = await self._admission.admit(prepared, operation_name, variables, context)
        if errors:
            return self._refused(errors, cost, context)
        try:
            data = await plan.answer(context, variables)
            return orjson.dumps(
                {"data": data, "extensions": self._admission.extensions(cost, context)}
            )
        except Exception as error:  # noqa: BLE001 - executed again, where errors are located
            log.debug("plan_not_used", reason=repr(error))
        return await self._execute_admitted(
            cost, query, variables, context, None, operation_name, (OperationType.QUERY,), None
        )

    async def _execute_admitted(
        self,
        cost: int | None,
        query: str | None,
        variables: dict[str, Any] | None,
        context: OperationContext | None,
        root: Any,
        operation_name: str | None,
        allowed_types: Iterable[OperationType] | None,
        extensions: dict[str, Any] | None,
    ) -> ExecutionResult:
        if query:
            prepared = self.documents.prepare(query)
            variables = await self._read(prepared, operation_name, variables)
        result = await super().execute(
            query, variables, context, root, operation_name, allowed_types, extensions
        )
        if cost is not None:
            extensions_of_cost = self._admission.extensions(cost, context)
            result.extensions = {**(result.extensions or {}), **(extensions_of_cost or {})}
        return self._translated(result, context) if result.errors else result

    def _refused(
        self, errors: list[GraphQLError], cost: int | None, context: OperationContext | None
    ) -> ExecutionResult:
        result = self._translated(ExecutionResult(data=None, errors=errors), context)
        result.extensions = self._admission.extensions(cost, context)
        return result

    async def stream(
        self,
        query: str | None,
        variable_values: dict[str, Any] | None = None,
        context_value: OperationContext | None = None,
        root_value: Any | None = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, Any] | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
    ) -> StreamResult:
        """Execute an operation that may have many results, as ``execute`` does one of one.

        It has a context of its own: a WebSocket's is there for all its operations.
        """
        if not query:
            raise MissingQueryError
        outer = context_value
        if context_value is not None:
            context_value = context_value.fresh()
        prepared = self.documents.prepare(query)
        _, errors = await self._admission.admit(
            prepared, operation_name, variable_values, context_value, pays_later=True
        )
        if outer is not None and context_value is not None:
            outer.adopt(context_value)
        if not errors and allowed_operation_types is not None:
            errors = _type_errors(prepared, operation_name, allowed_operation_types)
        if errors:
            return _single(
                self._translated(PreExecutionError(data=None, errors=errors), context_value)
            )
        variable_values = await self._read(prepared, operation_name, variable_values)
        if context_value is None or not is_subscribing(prepared, operation_name):
            results = await super().stream(
                query,
                variable_values,
                context_value,
                root_value,
                operation_name,
                operation_extensions,
                allowed_operation_types,
            )
            return self._each_translated(results, context_value)
        assert prepared.document is not None  # noqa: S101 - without errors there is one
        return await self._subscriptions.open(
            prepared.document, variable_values, context_value, root_value, operation_name
        )

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Leave the log to ``translate``."""

    def _converted(self, field: StrawberryField, values: dict[str, Any]) -> dict[str, Any]:
        registry = self.schema_converter.scalar_registry
        converted = convert_arguments(values, field.arguments, registry, self.config)
        for extension in field.extensions:
            converted = extension.map_arguments(converted)
        return converted

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

    async def _read(
        self,
        prepared: PreparedDocument,
        operation_name: str | None,
        variables: dict[str, Any] | None,
    ) -> dict[str, Any] | None:
        """Coerce variables with long lists without blocking the loop."""
        operation = prepared.operation(operation_name)
        if not variables or operation is None:
            return variables
        if prepared.size_of_lists(operation_name, variables).entries < MANY_ENTRIES:
            return variables
        return await read_beside_the_loop(self._schema, operation, variables)

    def _translated(
        self, result: ExecutionResult, context: OperationContext | None
    ) -> ExecutionResult:
        errors = [self.translate(error) for error in result.errors or ()]
        if context is not None:
            for error in errors:
                context.failed(error)
        suggests = context is None or context.sees_suggestions
        result.errors = errors if suggests else [without_suggestion(error) for error in errors]
        return result

    async def _each_translated(
        self, results: StreamResult, context: OperationContext | None
    ) -> StreamResult:
        async with aclosing(results):
            async for result in results:
                if isinstance(result, ExecutionResult) and result.errors:
                    self._translated(result, context)
                yield result


def _type_errors(
    prepared: PreparedDocument, operation_name: str | None, allowed: Iterable[OperationType]
) -> list[GraphQLError]:
    found = prepared.operation_type(operation_name)
    if found is None or found.value in {kind.value for kind in allowed}:
        return []
    return [GraphQLError(f"This transport does not support a {found.value}.")]


async def _single(result: ExecutionResult) -> StreamResult:
    yield result
