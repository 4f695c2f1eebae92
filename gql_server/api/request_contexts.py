"""The context of each request, from what the lifespan and the middleware put into its state."""

from typing import TypedDict

from starlette.requests import HTTPConnection

from gql_server.access.allowances import Allowances
from gql_server.access.authentication import Authentication
from gql_server.access.connection_counts import ConnectionCounts
from gql_server.access.live_sessions import LiveSessions
from gql_server.api.caller import Access
from gql_server.api.context import Context
from gql_server.api.models.catalogue import ShapedCatalogue
from gql_server.domain.principal import Principal
from gql_server.generation.services import Services
from gql_server.web.request_record import record_of


class State(TypedDict):
    """What each request finds in its state."""

    services: Services
    catalogue: ShapedCatalogue
    authentication: Authentication
    allowances: Allowances
    sessions: LiveSessions
    principal: Principal | None


class ContextFactory:
    """Makes contexts; one factory counts the sockets and subscriptions of this process."""

    def __init__(
        self,
        *,
        subscriptions: ConnectionCounts,
        sockets: ConnectionCounts,
        sees_schema: bool | None,
        sees_suggestions: bool | None,
    ) -> None:
        """Take what counts, and what callers see; None shows it to admins only."""
        self._subscriptions = subscriptions
        self._sockets = sockets
        self._sees_schema = sees_schema
        self._sees_suggestions = sees_suggestions
        self._access: Access | None = None

    def __call__(self, request: HTTPConnection) -> Context:
        """Return the context of a request, or of a WebSocket."""
        state: State = request.scope["state"]
        return Context(
            state["services"],
            state["catalogue"].models(),
            self._of(state),
            state["principal"],
            record_of(request.scope),
        )

    def _of(self, state: State) -> Access:
        # The lifespan's services are the same for every request.
        if self._access is None or self._access.sessions is not state["sessions"]:
            self._access = Access(
                state["authentication"],
                allowances=state["allowances"],
                sessions=state["sessions"],
                subscriptions=self._subscriptions,
                sockets=self._sockets,
                sees_schema=self._sees_schema,
                sees_suggestions=self._sees_suggestions,
            )
        return self._access
