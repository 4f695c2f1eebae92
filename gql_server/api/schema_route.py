"""``/schema.graphql``: the schema as text, for tools that generate code from it."""

from functools import cache
from hashlib import sha256
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gql_server.api.schema import schema_text
from gql_server.domain.principal import Principal
from gql_server.web.headers import is_known

PATH = "/schema.graphql"
_text = cache(schema_text)


@cache
def _hash() -> str:
    return sha256(_text().encode()).hexdigest()[:32]


def schema_route(*, is_shown: bool | None) -> Route:
    """Return the route.

    Args:
        is_shown: Whether callers may see the schema; None: only admins.
    """

    async def schema(request: Request) -> Response:
        principal: Principal | None = request.state.principal
        is_admin = principal is not None and principal.is_admin
        if not (is_admin if is_shown is None else is_shown):
            message = "The schema is not shown to this caller (INTROSPECTION).\n"
            return PlainTextResponse(message, status_code=HTTPStatus.FORBIDDEN)
        # Weak: a compressed response has the same.
        etag = f'W/"{_hash()}"'
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        if is_known(request.scope, etag):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return PlainTextResponse(_text(), headers=headers)

    return Route(PATH, schema, methods=["GET"])
