"""Plain fields without a function call each.

On a page of 50 images, most of a request's time would be spent calling a resolver for every column
of every row. A field that is a plain attribute needs none. This executor reads and writes such
fields directly, whole trees of them where every field is plain, and leaves all other fields and
all errors to graphql-core.
"""

from collections.abc import Awaitable, Mapping
from typing import Any, Final, NamedTuple, cast

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_nullable_type,
)
from graphql.execution.collect_fields import FieldDetails, FieldDetailsList, GroupedFieldSet
from graphql.pyutils import AwaitableOrValue, Path
from graphql.type import is_leaf_type, is_list_type, is_non_null_type, is_object_type
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.base import StrawberryObjectDefinition

from gql_server.graphql.execution.coroutines import Coroutines, close_unstarted
from gql_server.graphql.execution.error_order import in_order_of_fields
from gql_server.graphql.execution.plain_fields import (
    DEFINITION,
    Read,
    Write,
    leaf_writer,
    list_writer,
    nullable_writer,
    reader,
)
from gql_server.graphql.execution.plan_cache import plans_of
from gql_server.graphql.execution.variables import CoercedVariables, in_json, without_variables

_ALLOWED_DIRECTIVES: Final = {"include", "skip"}


class _PlainField(NamedTuple):
    response_name: str
    read: Read
    write: Write


class _Plan(NamedTuple):
    names: tuple[str, ...]
    plain: tuple[_PlainField, ...]
    others: GroupedFieldSet
    fields: GroupedFieldSet
    """Kept alive with its nodes, so that their identities name them as long as the plan does."""


class PlainFieldExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes a selection set, its plain fields first and directly."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: dict[tuple[str, int], _Plan] = {}
        self._lasting = plans_of(self.operation)
        # The only variables that decide which fields a selection set has: @skip and @include.
        self._switches = _switches(self.variable_values.coerced)
        self._has_middleware = bool(self.middleware_manager and self.middleware_manager.middlewares)
        self._record_coroutines()

    def _record_coroutines(self) -> None:
        self._coroutines = Coroutines()
        self.is_awaitable = self._coroutines.is_awaitable

    @classmethod
    def build(
        cls,
        schema: GraphQLSchema,
        document: DocumentNode,
        root_value: Any = None,
        context_value: Any = None,
        raw_variable_values: dict[str, Any] | None = None,
        *args: Any,
        **kwargs: Any,
    ) -> "list[GraphQLError] | PlainFieldExecutor":
        """Build an executor; variables that have been coerced already are used as they are."""
        if not isinstance(raw_variable_values, CoercedVariables):
            built = super().build(
                schema,
                document,
                root_value,
                context_value,
                raw_variable_values,
                *args,
                **kwargs,
            )
            if isinstance(built, list):
                return in_json(built, schema, raw_variable_values or {})
            return cast("PlainFieldExecutor", built)
        read = raw_variable_values.read
        if isinstance(read, list):
            return read
        executor = super().build(
            schema, without_variables(document), root_value, context_value, None, *args, **kwargs
        )
        if isinstance(executor, PlainFieldExecutor):
            executor.variable_values = read
            executor._switches = _switches(read.coerced)  # noqa: SLF001 - of its own class
        return cast("list[GraphQLError] | PlainFieldExecutor", executor)

    def build_per_event_executor(self, payload: Any) -> "PlainFieldExecutor":
        """Return an executor for one event of a subscription, with coroutines of its own."""
        executor = cast("PlainFieldExecutor", super().build_per_event_executor(payload))
        executor._record_coroutines()  # noqa: SLF001 - of its own class
        return executor

    def execute_operation(self, serially: bool | None = None) -> AwaitableOrValue[Any]:  # noqa: FBT001 - graphql-core's
        """Execute the operation; if it ends early, close the coroutines that have not started."""
        result = super().execute_operation(serially)
        if self.is_awaitable(result):
            return self._ended(result)
        self._close_unstarted(result)
        return result

    async def _ended(self, result: Awaitable[Any]) -> Any:
        try:
            response = await result
        except BaseException:
            self._coroutines.close_unstarted()
            raise
        self._close_unstarted(response)
        return response

    def _close_unstarted(self, response: Any) -> None:
        if isinstance(response, ExecutionResult) and response.errors:
            self._coroutines.close_unstarted()

    def settle_in_background(self, awaitables: list[Awaitable[Any]]) -> None:
        """Settle what an error has made useless, except for coroutines that have not started."""
        started = [one for one in awaitables if not close_unstarted(one)]
        if started:
            super().settle_in_background(started)

    def execute_fields(
        self,
        parent_type: GraphQLObjectType,
        source_value: Any,
        path: Path | None,
        grouped_field_set: GroupedFieldSet,
        position_context: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Execute the fields of one object."""
        plan = self._plan(parent_type, grouped_field_set)
        if not plan.plain:
            return super().execute_fields(
                parent_type, source_value, path, grouped_field_set, position_context
            )
        try:
            values = {name: write(read(source_value)) for name, read, write in plan.plain}
        except Exception:  # noqa: BLE001 - executed again here, where every error is located
            return super().execute_fields(
                parent_type, source_value, path, grouped_field_set, position_context
            )
        if not plan.others:
            return values
        rest = super().execute_fields(
            parent_type, source_value, path, plan.others, position_context
        )
        if self.is_awaitable(rest):

            async def completed() -> dict[str, Any]:
                return _in_order(plan.names, values, await rest)

            return completed()
        return _in_order(plan.names, values, cast("dict[str, Any]", rest))

    def complete_list_item_value(self, item: Any, complete_results: list[Any], *rest: Any) -> bool:
        """Complete an item of a list; return whether it must be awaited."""
        is_awaited = super().complete_list_item_value(item, complete_results, *rest)
        if is_awaited:
            self._coroutines.record(complete_results[-1])
        return is_awaited

    def complete_awaitable_list_item_value(self, *given: Any) -> Any:
        """Return a coroutine that completes an item of a list that must be awaited."""
        completed = super().complete_awaitable_list_item_value(*given)
        self._coroutines.record(completed)
        return completed

    def build_response(self, data: dict[str, Any] | None) -> Any:
        """Build the response, with its errors in the order of the fields."""
        response = super().build_response(data)
        if isinstance(response, ExecutionResult) and response.errors and len(response.errors) > 1:
            response.errors = in_order_of_fields(response.errors, data)
        return response

    def _plan(self, parent_type: GraphQLObjectType, fields: GroupedFieldSet) -> _Plan:
        key = (parent_type.name, id(fields))
        plan = self._plans.get(key)
        if plan is None:
            plan = self._plans[key] = self._lasting_plan(parent_type, fields)
        return plan

    def _lasting_plan(self, parent_type: GraphQLObjectType, fields: GroupedFieldSet) -> _Plan:
        details = [detail for group in fields.values() for detail in group]
        if self._has_middleware or not all(map(_is_of_document, details)):
            return _Plan(tuple(fields), (), fields, fields)
        nodes = tuple([id(detail.node) for detail in details])
        key = (parent_type, nodes, tuple(fields), self._switches)
        plan = self._lasting.get(key)
        if plan is None:
            plan = self._lasting[key] = self._new_plan(parent_type, fields)
        return plan

    def _new_plan(self, parent_type: GraphQLObjectType, fields: GroupedFieldSet) -> _Plan:
        plain: list[_PlainField] = []
        others: GroupedFieldSet = {}
        for response_name, details in fields.items():
            field = self._plain_field(parent_type, response_name, details)
            if field is None:
                others[response_name] = details
            else:
                plain.append(field)
        return _Plan(tuple(fields), tuple(plain), others, fields)

    def _plain_field(
        self, parent_type: GraphQLObjectType, response_name: str, details: FieldDetailsList
    ) -> _PlainField | None:
        if any(_has_unknown_directive(detail.node) for detail in details):
            return None
        node = details[0].node
        if node.name.value == "__typename":
            name = parent_type.name
            return _PlainField(response_name, lambda _: name, str)
        definition = parent_type.fields.get(node.name.value)
        if definition is None:
            return None
        read = reader(definition, has_arguments=bool(node.arguments))
        if read is None:
            return None
        write = self._writer(definition.type, details)
        return _PlainField(response_name, read, write) if write is not None else None

    def _writer(self, field_type: GraphQLOutputType, details: FieldDetailsList) -> Write | None:
        inner = get_nullable_type(field_type)
        write: Write | None = None
        if is_leaf_type(inner):
            write = leaf_writer(inner)
        elif is_list_type(inner):
            write_item = self._writer(inner.of_type, details)
            write = list_writer(write_item) if write_item is not None else None
        elif is_object_type(inner):
            write = self._object_writer(inner, details)
        if write is None or is_non_null_type(field_type):
            return write
        return nullable_writer(write)

    def _object_writer(
        self, object_type: GraphQLObjectType, details: FieldDetailsList
    ) -> Write | None:
        definition = object_type.extensions.get(DEFINITION)
        if not isinstance(definition, StrawberryObjectDefinition) or definition.is_type_of:
            return None
        fields, deferred, _ = self.collect_subfields(object_type, details)
        plan = self._plan(object_type, fields)
        if deferred or plan.others:
            return None
        kinds = {definition.origin}
        if definition.concrete_of is not None:
            kinds.add(definition.concrete_of.origin)
        plain = plan.plain

        def write(value: Any) -> dict[str, Any]:
            if type(value) not in kinds:
                raise TypeError("another kind")
            return {name: write(read(value)) for name, read, write in plain}

        return write


def _switches(variables: Mapping[str, Any]) -> tuple[tuple[str, bool], ...]:
    return tuple((name, value) for name, value in variables.items() if isinstance(value, bool))


def _is_of_document(detail: FieldDetails) -> bool:
    """Return whether a field is the same in every execution of its document."""
    return detail.defer_usage is None and detail.fragment_variable_values is None


def _has_unknown_directive(node: Any) -> bool:
    return any(one.name.value not in _ALLOWED_DIRECTIVES for one in node.directives or ())


def _in_order(
    names: tuple[str, ...], plain: dict[str, Any], others: dict[str, Any]
) -> dict[str, Any]:
    both = {**plain, **others}
    return {name: both[name] for name in names if name in both}
