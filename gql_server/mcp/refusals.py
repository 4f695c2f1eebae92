"""Refusals of HTTP requests in the form of JSON-RPC."""

from http import HTTPStatus
from typing import Final

from starlette.responses import JSONResponse, Response

from gql_server.web.bodies import RequestRefused

_PARSE_ERROR: Final = -32700
_INVALID_REQUEST: Final = -32600
_SERVER_ERROR: Final = -32000


def refusal(refused: RequestRefused) -> Response:
    """Write why a request was not read."""
    is_bad = refused.status is HTTPStatus.BAD_REQUEST
    error = {
        "code": _INVALID_REQUEST if is_bad else _SERVER_ERROR,
        "message": refused.message,
        "data": {"code": refused.code},
    }
    return JSONResponse(
        {"jsonrpc": "2.0", "id": None, "error": error}, refused.status, refused.headers
    )


def not_json(refused: RequestRefused) -> Response:
    """Write that a body is not JSON."""
    error = {"code": _PARSE_ERROR, "message": refused.message, "data": {"code": refused.code}}
    return JSONResponse({"jsonrpc": "2.0", "id": None, "error": error}, refused.status)
