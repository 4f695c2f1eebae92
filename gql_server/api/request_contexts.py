"""The context of each request, from what the lifespan and the middleware put into its state."""

from starlette.requests import HTTPConnection

from gql_server.access.authentication import Authentication
from gql_server.access.connection_counts import OpenCounts
from gql_server.api.context import Context
from gql_server.api.models.types import ShapedCatalogue
from gql_server.generation.services import Parts


class ContextFactory:
    """Makes contexts; one factory counts the sockets and subscriptions of this process."""

    def __init__(
        self,
        *,
        subscriptions: OpenCounts,
        sockets: OpenCounts,
        sees_schema: bool | None,
        sees_suggestions: bool | None,
    ) -> None:
        """Take what counts, and what callers see; None shows it to admins only."""
        self._subscriptions = subscriptions
        self._sockets = sockets
        self._sees_schema = sees_schema
        self._sees_suggestions = sees_suggestions

    def __call__(self, request: HTTPConnection) -> Context:
        """Return the context of a request, or of a WebSocket."""
        parts: Parts = request.state.parts
        catalogue: ShapedCatalogue = request.state.catalogue
        authentication: Authentication = request.state.authentication
        return Context(
            parts,
            catalogue.models(),
            authentication,
            request.state.principal,
            allowances=request.state.allowances,
            sessions=request.state.sessions,
            subscriptions=self._subscriptions,
            sockets=self._sockets,
            sees_schema=self._sees_schema,
            sees_suggestions=self._sees_suggestions,
        )
