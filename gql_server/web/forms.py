"""Multipart forms with files, read within bounds, and only where no other page can send them."""

from http import HTTPStatus
from typing import Final

from starlette.datastructures import FormData, Headers
from starlette.exceptions import HTTPException
from starlette.requests import Request

from gql_server.web.bodies import RequestRefused, bounded, receive_timeout

FORM: Final = "multipart/form-data"
PREFLIGHT_HEADER: Final = "X-Requested-With"

_PREFLIGHT_HEADERS: Final = (PREFLIGHT_HEADER, "Idempotency-Key")
"""A page of another origin can send these only where CORS lets it."""
_MAX_TEXT_BYTES: Final = 256 * 1024


async def read_form(
    request: Request, *, max_bytes: int, max_files: int, max_fields: int, seconds: float
) -> FormData:
    """Read the body as a form; the caller closes its files, which are on disk if they are large.

    Args:
        request: The request.
        max_bytes: How large the body may be.
        max_files: How many files it may have.
        max_fields: How many other fields it may have, of 256 KiB each.
        seconds: How long the client may take to send it.

    Raises:
        RequestRefused: A page of another origin could send it, it is no form, it is too large, or
            it comes too slowly.
    """
    if not _is_safe_from_forgery(request.headers):
        raise RequestRefused(
            "A form needs an API key, or a header that no other page can send: add "
            f"`{PREFLIGHT_HEADER}: XMLHttpRequest`.",
            status=HTTPStatus.FORBIDDEN,
        )
    within = Request(request.scope, bounded(request.receive, max_bytes))
    try:
        async with receive_timeout(seconds):
            return await within.form(
                max_files=max_files, max_fields=max_fields, max_part_size=_MAX_TEXT_BYTES
            )
    except HTTPException as error:
        raise RequestRefused(f"The form cannot be read: {error.detail}") from error
    except (ValueError, KeyError) as error:
        raise RequestRefused("The form cannot be read.") from error


def _is_safe_from_forgery(headers: Headers) -> bool:
    scheme = headers.get("authorization", "").partition(" ")[0].lower()
    return scheme == "bearer" or any(name in headers for name in _PREFLIGHT_HEADERS)
