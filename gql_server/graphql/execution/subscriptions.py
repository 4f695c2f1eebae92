"""Subscriptions: their source, and the execution of its events."""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from contextlib import aclosing
from typing import Any, Final, cast

import orjson
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    create_source_event_stream,
    map_source_to_response_event,
)
from graphql import (
    ExecutionResult as PlainResult,
)
from graphql.execution import Executor, execute_subscription_event
from strawberry.schema.schema import StreamResult
from strawberry.types import ExecutionResult
from strawberry.types.execution import PreExecutionError

from gql_server.graphql.broadcasts.broadcast import SLICE_SECONDS
from gql_server.graphql.broadcasts.events import SharedEvents
from gql_server.graphql.broadcasts.keys import operation_key
from gql_server.graphql.broadcasts.payloads import Payload
from gql_server.graphql.broadcasts.subscribers import Broadcasts, Subscriber
from gql_server.graphql.execution.context import OperationContext
from gql_server.graphql.execution.query_cost import count_objects

Translate = Callable[[ExecutionResult, OperationContext], ExecutionResult]
"""Translates the errors of a result for the caller of a context."""


class Subscriptions:
    """Runs the subscriptions of a schema."""

    def __init__(
        self, schema: GraphQLSchema, executor_class: type[Executor[Any]], translate: Translate
    ) -> None:
        """Take the schema, what executes it, and what translates errors."""
        self._schema: Final = schema
        self._executor_class: Final = executor_class
        self._translate: Final = translate
        self._broadcasts: Final = Broadcasts()

    async def open(
        self,
        document: DocumentNode,
        variables: dict[str, Any] | None,
        context: OperationContext,
        root_value: Any,
        operation_name: str | None,
    ) -> StreamResult:
        """Have a subscription's resolver return its events; return the answers to them.

        Each answer is paid for by the objects in it; the subscription ends where its caller has run
        out. It counts as its caller's while the answers are iterated over.
        """

        def build(for_context: OperationContext) -> list[GraphQLError] | Executor[Any]:
            return self._executor_class.build(
                self._schema, document, root_value, for_context, variables, operation_name
            )

        executor = build(context)
        if isinstance(executor, list):
            return self._refused(executor, context)
        source = create_source_event_stream(executor)
        events = await source if isinstance(source, Awaitable) else source
        if isinstance(events, PlainResult):
            return self._refused(events.errors or [], context)
        if not isinstance(events, SharedEvents):
            return self._each(executor, events, context)

        async def execute(
            placed: Sequence[tuple[Any, Any]], for_context: OperationContext
        ) -> Sequence[Payload]:
            built = build(for_context)
            assert isinstance(built, Executor)  # noqa: S101 - as for the first context
            return await self._payloads(built, placed, for_context)

        def fail(error: Exception) -> ExecutionResult:
            return self._failed(error, context)

        key = operation_key(
            executor.operation, executor.fragment_definitions, variables, events.position_argument
        )
        subscriber = Subscriber(
            self._broadcasts,
            events,
            (key, context.rights),
            execute=execute,
            fail=fail,
            context=context,
        )
        return cast("StreamResult", subscriber)

    async def _payloads(
        self,
        executor: Executor[Any],
        placed: Sequence[tuple[Any, Any]],
        context: OperationContext,
    ) -> Sequence[Payload]:
        loop = asyncio.get_running_loop()
        until = loop.time() + SLICE_SECONDS
        payloads = []
        for position, event in placed:
            if loop.time() > until:
                await asyncio.sleep(0)
                until = loop.time() + SLICE_SECONDS
            result = await self._executed(executor, event)
            answer: dict[str, Any] = {"data": result.data}
            if result.errors:
                translated = self._translate(result, context)
                answer["errors"] = [error.formatted for error in translated.errors or ()]
            objects = count_objects(result.data) if result.data is not None else 0
            payloads.append(Payload(orjson.dumps(answer), position=position, objects=objects))
        return payloads

    async def _executed(self, executor: Executor[Any], event: Any) -> ExecutionResult:
        result = execute_subscription_event(executor.build_per_event_executor(event))
        found = await result if isinstance(result, Awaitable) else result
        return ExecutionResult(data=found.data, errors=found.errors)

    async def _each(
        self, executor: Executor[Any], events: AsyncIterable[Any], context: OperationContext
    ) -> StreamResult:
        """Answer the events of one subscriber."""
        refused = context.begin_subscription()
        if refused is not None:
            errors = self._failed(refused, context).errors
            yield PreExecutionError(data=None, errors=errors)
            return
        try:
            async with aclosing(map_source_to_response_event(executor, events)) as results:
                async for found in results:
                    if found.data is not None:
                        refused = await context.spend(count_objects(found.data))
                        if refused is not None:
                            yield self._failed(refused, context)
                            return
                    result = ExecutionResult(data=found.data, errors=found.errors)
                    yield self._translate(result, context) if result.errors else result
        except Exception as error:  # noqa: BLE001 - the subscriber gets it
            yield self._failed(error, context)
        finally:
            context.end_subscription()

    async def _refused(self, errors: list[GraphQLError], context: OperationContext) -> StreamResult:
        yield self._translate(PreExecutionError(data=None, errors=errors), context)

    def _failed(self, error: Exception, context: OperationContext) -> ExecutionResult:
        if not isinstance(error, GraphQLError):
            error = GraphQLError(str(error), original_error=error)
        return self._translate(ExecutionResult(data=None, errors=[error]), context)
