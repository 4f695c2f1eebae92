"""Signing in to the studio at an OpenID Connect provider, on behalf of its page."""

from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gql_server.access.sign_in import SignedIn, SignIn
from gql_server.access.tokens import ProviderUnavailable
from gql_server.domain.errors import Unauthenticated
from gql_server.web.bodies import RequestRefused, media_type, parse_json, read_body

SIGNED_IN_PATH: Final = "/studio/signed-in"
"""Where the provider sends browsers back to, which is a page of the studio."""

_MAX_BYTES: Final = 16 * 1024
_BODY_SECONDS: Final = 10.0
_MAX_PARAMETER: Final = 256
_UNAVAILABLE: Final = "The provider does not answer. Try again in a moment."


def sign_in_routes() -> list[Route]:
    """Serve the two steps of a sign-in; the lifespan's state has the ``sign_in``.

    ``GET /studio/sign-in?state=…&challenge=…`` redirects to the provider.
    ``POST /studio/token`` with ``{"code", "verifier"}`` or ``{"refreshToken"}`` returns
    ``{"token", "seconds", "refreshToken"}``. JSON is required, which no form of another site sends.
    """
    return [
        Route("/studio/sign-in", _to_provider, methods=["GET"]),
        Route("/studio/token", _token, methods=["POST"]),
    ]


async def _to_provider(request: Request) -> Response:
    state, challenge = (request.query_params.get(name, "") for name in ("state", "challenge"))
    if not (0 < len(state) <= _MAX_PARAMETER and 0 < len(challenge) <= _MAX_PARAMETER):
        return _failure("state and challenge are required.", HTTPStatus.BAD_REQUEST)
    sign_in: SignIn = request.state.sign_in
    try:
        address = await sign_in.address(state=state, challenge=challenge)
    except ProviderUnavailable:
        return _failure(_UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE)
    return RedirectResponse(address, HTTPStatus.FOUND)


async def _token(request: Request) -> Response:
    try:
        signed_in = await _redeemed(request.state.sign_in, await _fields(request))
    except RequestRefused as refused:
        return _failure(refused.message, refused.status)
    except Unauthenticated as error:
        return _failure(error.message, HTTPStatus.UNAUTHORIZED)
    except ProviderUnavailable:
        return _failure(_UNAVAILABLE, HTTPStatus.SERVICE_UNAVAILABLE)
    return JSONResponse(
        {
            "token": signed_in.token,
            "seconds": signed_in.seconds,
            "refreshToken": signed_in.refresh_token,
        }
    )


async def _redeemed(sign_in: SignIn, fields: dict[str, Any]) -> SignedIn:
    match fields:
        case {"refreshToken": str(refresh_token)}:
            return await sign_in.renew(refresh_token)
        case {"code": str(code), "verifier": str(verifier)}:
            return await sign_in.redeem(code=code, verifier=verifier)
    raise RequestRefused("Send code and verifier, or refreshToken.")


async def _fields(request: Request) -> dict[str, Any]:
    if media_type(request.headers.get("content-type"))[0] != "application/json":
        raise RequestRefused(
            "Send the body as application/json.", status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE
        )
    body = await read_body(request, max_bytes=_MAX_BYTES, seconds=_BODY_SECONDS)
    fields = parse_json(body)
    return fields if isinstance(fields, dict) else {}


def _failure(message: str, status: HTTPStatus) -> JSONResponse:
    return JSONResponse({"message": message}, status)
