"""The operations of one WebSocket as part of what the process works on."""

import asyncio
from typing import Any

from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import Operation

from gql_server.web.load import Load, Place


class SocketLoad:
    """Counts operations from their message until their result; subscriptions until they are open.

    Otherwise a few clients could queue hundreds of thousands of queries over their sockets.
    """

    def __init__(self, load: Load | None) -> None:
        """Take the load of the process; None: nothing is counted."""
        self._load = load
        self._places: dict[Operation[Any, Any], Place] = {}

    def enter(self) -> Place | None:
        """Count one more operation.

        Raises:
            RequestRefused: The process works on as many as it can.
        """
        return None if self._load is None else self._load.enter()

    def started(self, place: Place | None, operation: Operation[Any, Any] | None) -> None:
        """Count an operation until its task is done, or ``opened`` is called."""
        if place is None:
            return
        if operation is None or operation.task is None:
            place.leave()
            return
        self._places[operation] = place

        def done(_task: "asyncio.Task[Any]") -> None:
            self.opened(operation)

        operation.task.add_done_callback(done)

    def opened(self, operation: Operation[Any, Any]) -> None:
        """Count an operation no more."""
        place = self._places.pop(operation, None)
        if place is not None:
            place.leave()
