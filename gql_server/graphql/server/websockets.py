"""GraphQL over WebSockets: the protocol graphql-transport-ws, with bounds."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, cast

import orjson
import structlog
from graphql import GraphQLError, GraphQLFormattedError
from starlette.websockets import WebSocket, WebSocketDisconnect
from starlette.websockets import WebSocketDisconnected as SocketIsClosed
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.async_base_view import AsyncBaseHTTPView
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.schema.schema import StreamResult
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)
from strawberry.types.execution import PreExecutionError

from gql_server.graphql.broadcasts.payloads import Payload
from gql_server.graphql.broadcasts.subscribers import Subscriber
from gql_server.graphql.execution.context import (
    CallerRefused,
    CallerUnknown,
    OperationContext,
    ServerStopping,
    TooManyConnections,
)
from gql_server.graphql.execution.limits import limit_error
from gql_server.graphql.server.socket_load import SocketLoad
from gql_server.graphql.server.socket_sink import OperationMessage, SocketSink
from gql_server.transient import DATABASE_RETRY_SECONDS, unavailable
from gql_server.web.bodies import RequestRefused
from gql_server.web.websocket_protocol import SEND_AT_ONCE, acknowledge

if TYPE_CHECKING:
    from gql_server.graphql.server.view import GraphQLView

log = structlog.get_logger(__name__)

_FORBIDDEN: Final = 4403
_TRY_AGAIN_LATER: Final = 1013
_TOO_MANY: Final = 4429
_UNKNOWN_NOW: Final[GraphQLFormattedError] = {
    "message": "Authentication is temporarily unavailable. Try again in a moment.",
    "extensions": unavailable(DATABASE_RETRY_SECONDS),
}
_MAX_REASON_BYTES: Final = 123
"""What a close frame holds beside its code (RFC 6455, 5.5)."""


class BoundedWebSocket(ASGIWebSocketAdapter):
    """A WebSocket that is dropped when its client takes no data for too long.

    Attributes:
        was_dropped: Whether that happened.
    """

    def __init__(
        self,
        view: AsyncBaseHTTPView[Any, Any, Any, Any, Any, Any, Any],
        request: WebSocket,
        response: WebSocket,
    ) -> None:
        super().__init__(view, request, response)
        self._send_seconds = cast("GraphQLView", view).send_seconds
        self._life: asyncio.Timeout | None = None
        self.was_dropped = False

    @asynccontextmanager
    async def life(self) -> AsyncIterator[None]:
        """Hold what the socket is served by; dropping the socket ends the block."""
        try:
            async with asyncio.timeout(None) as self._life:
                yield
        except TimeoutError:
            self.was_dropped = True
            log.info("websocket_dropped", no_data_taken_for_seconds=self._send_seconds)
        finally:
            self._life = None

    async def send_json(self, message: Mapping[str, object]) -> None:
        """Send a message, or drop the socket.

        Raises:
            WebSocketDisconnected: The client is gone, or took no data for too long.
        """
        await self.send_text(orjson.dumps(message).decode())

    async def send_text(self, text: str) -> None:
        """Send a message that is encoded already, or drop the socket.

        Raises:
            WebSocketDisconnected: The client is gone, or took no data for too long.
        """
        try:
            async with asyncio.timeout(self._send_seconds):
                await self.ws.send_text(text)
        except TimeoutError as error:
            self._drop()
            raise WebSocketDisconnected from error
        except (SocketIsClosed, WebSocketDisconnect) as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        """Close the socket, with as much of a reason as fits."""
        fitting = reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore")
        try:
            async with asyncio.timeout(self._send_seconds):
                await super().close(code, fitting)
        except TimeoutError:
            self._drop()
        except SocketIsClosed:
            pass  # by the client, or by the server's stop

    def _drop(self) -> None:
        life, self._life = self._life, None
        if life is not None:
            life.reschedule(asyncio.get_running_loop().time())


class TransportHandler(BaseGraphQLTransportWSHandler[OperationContext, None]):
    """Speaks graphql-transport-ws; a malformed message closes the socket with 4400."""

    async def handle(self) -> None:
        """Serve a socket until its end."""
        websocket = cast("BoundedWebSocket", self.websocket)
        try:
            async with websocket.life():
                self._load = SocketLoad(cast("GraphQLView", self.view).load)
                with ExitStack() as self._session:
                    await super().handle()
        finally:
            self.context.close_connection()
            if websocket.was_dropped:
                self.context.dropped()

    async def handle_message(self, message: Message) -> None:
        """Handle a message of the client's."""
        if _is_well_formed(message):
            await super().handle_message(message)
        else:
            await self.handle_invalid_message("The message is malformed")

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        """Identify the caller; if that is impossible at the moment, the client may retry."""
        try:
            # Some clients write the payload that they leave out as null.
            payload = message.get("payload")
            await super().handle_connection_init(
                {"type": "connection_init", "payload": {} if payload is None else payload}
            )
            if self.connection_acknowledged:
                acknowledge(cast("dict[str, Any]", self._socket.scope))
                self._open_session()
        except CallerUnknown as error:
            log.warning("authentication_unavailable", reason=repr(error.__cause__ or error))
            await self.websocket.close(_TRY_AGAIN_LATER, "Try again later")
        except CallerRefused as error:
            await self.websocket.close(_FORBIDDEN, error.message)
        except TooManyConnections:
            await self.websocket.close(_TOO_MANY, "Too many WebSockets of this user")

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Run an operation, whose document may be named by its hash."""
        if self.connection_acknowledged and message["id"] not in self.operations:
            limit = self.max_subscriptions_per_connection
            if limit is not None and len(self.operations) >= limit:
                text = f"This connection has reached the maximum number of operations: {limit}."
                error = limit_error("TOO_MANY_SUBSCRIPTIONS", text, limit)
                await self._refuse(message["id"], error)
                return
            documents = cast("GraphQLView", self.view).persisted
            try:
                query = documents.document(message["payload"])
            except (GraphQLError, RequestRefused) as error:
                await self._refuse(message["id"], error)
                return
            message["payload"]["query"] = query
            if not await self._may_continue(message["id"]):
                return
            try:
                place = self._load.enter()
            except RequestRefused as busy:
                await self._refuse(message["id"], busy)
                return
            await super().handle_subscribe(message)
            self._load.started(place, self.operations.get(message["id"]))
            return
        await super().handle_subscribe(message)

    async def handle_task_exception(self, error: Exception) -> None:
        """Log what ended an operation, unless its client did."""
        if not isinstance(error, WebSocketDisconnected):
            log.error("websocket_operation_crashed", exc_info=error)

    async def _send_result_stream(
        self, operation: Operation[OperationContext, None], result_source: StreamResult
    ) -> None:
        if not isinstance(result_source, Subscriber):
            await super()._send_result_stream(operation, result_source)
            return
        self._load.opened(operation)
        message = OperationMessage(operation.id)
        result_source.sink = self._sink(operation, message)
        async for answer in result_source:
            if isinstance(answer, Payload):
                text = message.around(answer.body).decode()
                await cast("BoundedWebSocket", self.websocket).send_text(text)
            elif isinstance(answer, PreExecutionError):
                await self._handle_pre_execution_error(operation, answer)
                return
            else:
                await operation.send_next(answer)

    def _sink(
        self, operation: Operation[OperationContext, None], message: OperationMessage
    ) -> SocketSink | None:
        extension = self._socket.scope["extensions"].get(SEND_AT_ONCE)
        return SocketSink(self.operations, operation, message, **extension) if extension else None

    async def _refuse(self, operation: str, error: GraphQLError | RequestRefused) -> None:
        await self.send_message({"id": operation, "type": "error", "payload": [_formatted(error)]})

    @property
    def _socket(self) -> WebSocket:
        return cast("BoundedWebSocket", self.websocket).ws

    def _open_session(self) -> None:
        self._session.enter_context(self.context.session(self._end))

    def _end(self, reason: CallerRefused | ServerStopping) -> None:
        if isinstance(reason, ServerStopping):
            return  # uvicorn closes sockets itself, with 1012
        self._closing = asyncio.create_task(self._forbid(reason))

    async def _forbid(self, reason: CallerRefused) -> None:
        for operation_id in list(self.operations):
            await self.cleanup_operation(operation_id)
        await self.websocket.close(_FORBIDDEN, reason.message)

    async def _may_continue(self, operation_id: str) -> bool:
        """Return whether the caller is still admitted; if not, close the socket."""
        try:
            await self.context.check_caller()
        except CallerRefused as error:
            await self._forbid(error)
            return False
        except CallerUnknown as error:
            log.warning("authentication_unavailable", reason=repr(error.__cause__ or error))
            await self.send_message(
                {"id": operation_id, "type": "error", "payload": [_UNKNOWN_NOW]}
            )
            return False
        return True


def _is_well_formed(message: object) -> bool:
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return False
    if message["type"] not in {"subscribe", "complete"}:
        return True
    if not isinstance(message.get("id"), str) or not message["id"]:
        return False
    if message["type"] == "complete":
        return True
    payload = message.get("payload")
    return (
        isinstance(payload, dict)
        and isinstance(payload.get("query"), str | None)
        and isinstance(payload.get("variables"), dict | None)
        and isinstance(payload.get("operationName"), str | None)
        and isinstance(payload.get("extensions"), dict | None)
    )


def _formatted(error: GraphQLError | RequestRefused) -> GraphQLFormattedError:
    if isinstance(error, GraphQLError):
        return error.formatted
    return {"message": error.message, "extensions": error.extensions}
