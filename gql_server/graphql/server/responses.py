"""Answers as they leave over HTTP: their media type, their status, their bytes."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
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
    """Return the status of a result: only the newer media type tells faults by it."""
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
    return written(orjson.dumps(data), kind, status, headers)


def written(
    body: bytes, kind: str, status: int, headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with JSON of this media type."""
    return Response(
        body,
        status_code=status,
        headers={"Vary": "Accept", **(headers or {})},
        media_type=f"{kind}; charset=utf-8" if kind == RESPONSE_JSON else kind,
    )
