"""Answers as they leave over HTTP: their media type, their status, their bytes."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.http import GraphQLHTTPResponse

from gql_server.graphql.execution.context import OperationContext
from gql_server.graphql.server.media_types import JSON, RESPONSE_JSON, Accepted, accepted
from gql_server.transient import UNAVAILABLE
from gql_server.web.bodies import RequestRefused


class SubResponse(Response):
    """What an operation adds to its response.

    Attributes:
        accepts: What its client takes.
        context: What it was run with, once it is known.
    """

    def __init__(self, accepts: Accepted) -> None:
        super().__init__()
        self.accepts = accepts
        self.context: OperationContext | None = None
        self.status_code = 0
        self.raw_headers = []


def result_status(response_data: GraphQLHTTPResponse | list[GraphQLHTTPResponse], kind: str) -> int:
    """Return the status of a result: only the newer media type uses it for errors."""
    if kind == JSON or not isinstance(response_data, dict) or "data" in response_data:
        return HTTPStatus.OK
    errors: Any = response_data.get("errors") or ()
    codes = {error.get("extensions", {}).get("code") for error in errors}
    if "INTERNAL" in codes:
        return HTTPStatus.INTERNAL_SERVER_ERROR
    if UNAVAILABLE in codes:
        return HTTPStatus.SERVICE_UNAVAILABLE
    if "RATE_LIMITED" in codes:
        return HTTPStatus.TOO_MANY_REQUESTS
    return HTTPStatus.BAD_REQUEST


def add_context_headers(response: SubResponse) -> None:
    """Add the headers that the operation's context has for its response."""
    if response.context is not None:
        response.headers.update(response.context.response_headers())


def refusal(request: Request, refused: RequestRefused) -> Response:
    """Write why a request was not run."""
    error = {"message": refused.message, "extensions": refused.extensions}
    kind = accepted(request.headers.get("accept")).single or JSON
    return json_response({"errors": [error]}, kind, refused.status, refused.headers)


def json_response(
    data: object, kind: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """Write JSON of this media type."""
    return Response(
        orjson.dumps(data),
        status_code=status,
        headers={"Vary": "Accept", **(headers or {})},
        media_type=_CONTENT_TYPES[kind],
    )


class WrittenAnswer:
    """Answers with the JSON of an operation that went well: the same bytes as ``json_response``."""

    def __init__(self, body: bytes, kind: str, headers: Mapping[str, str]) -> None:
        """Take the body, its media type, and what the operation's context adds."""
        self._body = body
        self._headers = [
            (b"vary", b"Accept"),
            (b"content-length", b"%d" % len(body)),
            (b"content-type", _CONTENT_TYPES[kind].encode()),
            *((name.lower().encode(), value.encode()) for name, value in headers.items()),
        ]

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        """Send it."""
        start = {"type": "http.response.start", "status": HTTPStatus.OK, "headers": self._headers}
        await send(start)
        await send({"type": "http.response.body", "body": self._body})


_CONTENT_TYPES: Final = {JSON: JSON, RESPONSE_JSON: f"{RESPONSE_JSON}; charset=utf-8"}
