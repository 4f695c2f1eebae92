"""JSON bodies."""

from http import HTTPStatus
from typing import Any, Final

from starlette.requests import Request

from gql_server.web.bodies import (
    BodyBounds,
    RequestRefused,
    media_type,
    parse_json,
    read_body,
)

JSON: Final = "application/json"


def kind_of(request: Request, *kinds: str) -> str:
    """Return the media type of a body, which must be one of these.

    Raises:
        RequestRefused: It is another.
    """
    kind, parameters = media_type(request.headers.get("content-type"))
    is_utf8 = kind != JSON or parameters.get("charset", "utf-8").lower() == "utf-8"
    if kind not in kinds or not is_utf8:
        names = " or ".join(f"{one}, in UTF-8" if one == JSON else one for one in kinds)
        raise RequestRefused(
            f"Send the body as {names}.",
            status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            code="unsupported_content_type",
        )
    return kind


async def read_json(request: Request, bounds: BodyBounds) -> Any:
    """Return the value of a JSON body.

    Raises:
        RequestRefused: It is too large, comes too slowly, or is not JSON.
    """
    return parse_json(await read_body(request, max_bytes=bounds.max_bytes, seconds=bounds.seconds))
