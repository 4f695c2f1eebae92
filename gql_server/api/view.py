"""GraphQL over HTTP, and the playground for browsers."""

from importlib import resources
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.http.ides import get_graphql_ide_html

from gql_server.api.context import Context
from gql_server.api.models import ShapedCatalogue
from gql_server.api.schema import Schema
from gql_server.generation.parts import Parts

_EXAMPLE_BEGINS = "const EXAMPLE_QUERY = `"
_EXAMPLE_ENDS = "`;"


class GraphQLView(GraphQL[Context, None]):
    """Serves the schema; the parts come from the application's lifespan state."""

    def __init__(self, schema: Schema) -> None:
        super().__init__(schema, subscription_protocols=(), multipart_uploads_enabled=True)
        self._playground = _playground()

    async def run(self, request: Request | WebSocket, *args: Any, **kwargs: Any) -> Any:
        """Run a request's operations, and let go of its uploads, which nobody may have read."""
        try:
            return await super().run(request, *args, **kwargs)
        finally:
            if isinstance(request, Request):
                await request.close()

    async def get_context(
        self,
        request: Request | WebSocket,
        response: Response | WebSocket,  # noqa: ARG002 - Strawberry's signature
    ) -> Context:
        """Return the context of one operation."""
        parts: Parts = request.state.parts
        catalogue: ShapedCatalogue = request.state.catalogue
        return Context(
            parts, catalogue.models(), request.state.authentication, request.state.principal
        )

    async def render_graphql_ide(self, request: Request) -> Response:  # noqa: ARG002 - likewise
        """Return the playground, with operations that a stranger can run."""
        return HTMLResponse(self._playground)

    def decode_json(self, data: str | bytes) -> object:
        """Read JSON strictly: whole Unicode, no NaN."""
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        """Write JSON."""
        return orjson.dumps(data).decode()


def _playground() -> str:
    page = get_graphql_ide_html(graphql_ide="graphiql")
    head, begins, rest = page.partition(_EXAMPLE_BEGINS)
    _, ends, tail = rest.partition(_EXAMPLE_ENDS)
    if not begins or not ends:
        raise RuntimeError("Strawberry's playground has changed: its example was not found")
    example = resources.files(__package__).joinpath("playground.graphql").read_text("utf-8")
    # Inside a script element only "</" could end the text early.
    literal = orjson.dumps(example).decode().replace("</", "<\\/")
    page = f"{head}const EXAMPLE_QUERY = {literal};{tail}"
    # Keys are written among the headers: whether the browser keeps those is for its user to say.
    page = page.replace("shouldPersistHeaders: true,", "")
    return page.replace("<title>Strawberry GraphiQL</title>", "<title>gql_server</title>")
