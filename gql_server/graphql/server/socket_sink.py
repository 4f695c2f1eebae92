"""Answers of shared subscriptions as messages of one WebSocket, sent without waiting."""

from collections.abc import Callable, Mapping

import orjson
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import Operation

from gql_server.graphql.broadcasts.payloads import Payload
from gql_server.graphql.execution.context import OperationContext


class OperationMessage:
    """Messages with the answers of one operation."""

    __slots__ = ("_head",)

    def __init__(self, operation_id: str) -> None:
        """Take the operation's id in its socket."""
        self._head = b'{"id":%b,"type":"next","payload":' % orjson.dumps(operation_id)

    def around(self, body: bytes) -> bytes:
        """Return the message of an encoded answer."""
        return b"%b%b}" % (self._head, body)


class SocketSink:
    """Sends answers of one operation, for as long as it is open."""

    __slots__ = ("_can_send", "_message", "_open", "_operation", "_send")

    def __init__(
        self,
        open_operations: Mapping[str, Operation[OperationContext, None]],
        operation: Operation[OperationContext, None],
        message: OperationMessage,
        *,
        is_ready: Callable[[], bool],
        send: Callable[[bytes], None],
    ) -> None:
        """Take the operation among those of its socket, and what sends without waiting."""
        self._open = open_operations
        self._operation = operation
        self._message = message
        self._can_send = is_ready
        self._send = send

    def is_ready(self) -> bool:
        """Return whether the operation is open and its client keeps up."""
        return self._open.get(self._operation.id) is self._operation and self._can_send()

    def send(self, payload: Payload) -> None:
        """Send an answer."""
        self._send(self._message.around(payload.body))
