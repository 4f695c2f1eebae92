"""What the engine needs to know about the caller of an operation.

An application passes in what makes a context for each request. The engine asks the context whether
the operation may run, what it costs the caller, and how long a stream may stay open. Resolvers get
the same object as ``info.context``, with whatever the application adds to it.
"""

from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol, Self

from graphql import GraphQLError


class CallerRefused(Exception):
    """The caller is not, or no longer, allowed to use the server.

    Attributes:
        message: Says why, and what to send instead.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class CallerUnknown(Exception):
    """Whether the caller may use the server cannot be determined at the moment."""


class TooManyConnections(Exception):
    """The caller has as many WebSockets open as the server allows."""


class ServerStopping(Exception):
    """The server is shutting down."""


EndSession = Callable[[CallerRefused | ServerStopping], None]
"""Called when a stream or a WebSocket must end, with the reason."""


class OperationContext(Protocol):
    """The caller of one operation, as the engine sees it.

    Over a WebSocket one context belongs to the connection, and ``fresh`` makes one for each
    operation.

    Attributes:
        connection_params: The payload of a WebSocket's ``connection_init``; empty over HTTP.
    """

    connection_params: Mapping[str, object]

    @property
    def sees_schema(self) -> bool:
        """Whether introspection is answered."""

    @property
    def sees_suggestions(self) -> bool:
        """Whether an error may suggest names of the schema."""

    @property
    def rights(self) -> Hashable:
        """What answers depend on besides the operation.

        Contexts with equal rights get equal answers to an operation, so that those to the events of
        a subscription are shared among them.
        """

    def fresh(self) -> Self:
        """Return a context for another operation of the same caller, with nothing loaded."""

    def adopt(self, operation: Self) -> None:
        """Take over what a fresh context's operation spent, for the headers of the response."""

    def observe(self, name: str | None, kind: str, cost: int, *, is_refused: bool) -> None:
        """Observe a valid operation of the caller, which runs now unless it is refused.

        Args:
            name: The operation's name; None if it has none.
            kind: ``query``, ``mutation`` or ``subscription``.
            cost: Its estimated cost.
            is_refused: Whether ``spend`` refused it.
        """

    def failed(self, error: GraphQLError) -> None:
        """Observe an error in the response, as the client gets it."""

    def dropped(self) -> None:
        """Observe that the connection was ended because the client took no data."""

    async def spend(self, cost: int) -> GraphQLError | None:
        """Charge the caller's allowance; return an error if the operation must not run."""

    def spend_at_once(self, cost: int) -> bool:
        """Charge the caller's allowance, if ``spend`` would neither wait nor return an error."""

    def cost_details(self) -> Mapping[str, Any]:
        """Return what ``extensions.cost`` says besides the operation's cost and its limit."""

    def response_headers(self) -> Mapping[str, str]:
        """Return headers for the HTTP response of the operation."""

    def begin_subscription(self) -> GraphQLError | None:
        """Count one more subscription of the caller; return an error if there are too many."""

    def end_subscription(self) -> None:
        """Count one less, which ``begin_subscription`` counted."""

    async def open_connection(self) -> None:
        """Identify the caller of a WebSocket from ``connection_params``.

        Raises:
            CallerRefused: The caller may not use the server.
            CallerUnknown: That cannot be determined at the moment.
            TooManyConnections: The caller has too many WebSockets.
        """

    def close_connection(self) -> None:
        """Forget a WebSocket that has ended, whether or not its caller was identified."""

    async def check_caller(self) -> None:
        """Make sure that the caller may still use the server.

        Raises:
            CallerRefused: The caller may not.
            CallerUnknown: That cannot be determined at the moment.
        """

    def session(self, end: EndSession) -> AbstractContextManager[None]:
        """Hold a session open for the block, and call ``end`` once if it must end earlier."""


class OpenContext(OperationContext):
    """A context without callers: everybody may run everything, and sees the whole schema."""

    sees_schema = True
    sees_suggestions = True

    def __init__(self) -> None:
        self.connection_params = {}

    @property
    def rights(self) -> Hashable:
        """Return what no other context equals: an application says which callers share answers."""
        return self

    def fresh(self) -> Self:
        """Return another context."""
        return type(self)()

    def adopt(self, operation: Self) -> None:
        """Take over nothing."""

    def observe(self, name: str | None, kind: str, cost: int, *, is_refused: bool) -> None:
        """Observe nothing."""

    def failed(self, error: GraphQLError) -> None:
        """Observe nothing."""

    def dropped(self) -> None:
        """Observe nothing."""

    async def spend(self, cost: int) -> GraphQLError | None:  # noqa: ARG002 - as declared above
        """Let every operation run."""
        return None

    def spend_at_once(self, cost: int) -> bool:  # noqa: ARG002 - as declared above
        """Let every operation run."""
        return True

    def cost_details(self) -> Mapping[str, Any]:
        """Return nothing."""
        return {}

    def response_headers(self) -> Mapping[str, str]:
        """Return none."""
        return {}

    def begin_subscription(self) -> GraphQLError | None:
        """Let every subscription begin."""
        return None

    def end_subscription(self) -> None:
        """Count nothing."""

    async def open_connection(self) -> None:
        """Let everybody in."""

    def close_connection(self) -> None:
        """Forget nothing."""

    async def check_caller(self) -> None:
        """Admit everyone."""

    @contextmanager
    def session(self, end: EndSession) -> Iterator[None]:  # noqa: ARG002 - as declared above
        """Hold a session that nothing ends."""
        yield
