"""Bodies of uploads: the image itself, or a form."""

from http import HTTPStatus
from typing import Any, Final

from starlette.datastructures import UploadFile
from starlette.requests import Request

from gql_server.domain.errors import ErrorCode, InvalidInput
from gql_server.generation.create_upload import MAX_UPLOAD_BYTES, MAX_UPLOAD_PIXELS
from gql_server.web.bodies import BodyBounds, RequestRefused, media_type, read_spooled_body
from gql_server.web.forms import FORM, PREFLIGHT_HEADER, read_form

FILE_FIELD: Final = "file"
_BINARY: Final = "application/octet-stream"
_MAX_FORM_BYTES: Final = MAX_UPLOAD_BYTES + 64 * 1024
_MAX_FIELDS: Final = 10
_PICTURE: Final = {"type": "string", "format": "binary"}
UPLOAD_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "description": f"A JPEG, PNG, WebP or AVIF of at most {MAX_UPLOAD_BYTES // 1024**2} MiB "
        f"and {MAX_UPLOAD_PIXELS:,} pixels: as the body itself, of its own media type "
        f"(`image/jpeg`) or {_BINARY}, or as the field `{FILE_FIELD}` of a form. A form needs an "
        f"API key or the header `{PREFLIGHT_HEADER}`, so that no other page can send it.",
        "content": {
            # Generators of clients know no others; the description names the media types.
            _BINARY: {
                "schema": _PICTURE,
                "examples": {"An image": {"value": "the bytes of the file"}},
            },
            FORM: {
                "schema": {
                    "type": "object",
                    "required": [FILE_FIELD],
                    "properties": {FILE_FIELD: _PICTURE},
                },
                "examples": {"An image": {"value": {FILE_FIELD: "the bytes of the file"}}},
            },
        },
    }
}
"""The description of a body, as an operation of OpenAPI has it."""


async def read_picture(request: Request) -> bytes:
    """Return the bytes of an uploaded image.

    Raises:
        RequestRefused: The body is too large, comes too slowly or is of another media type; or it
            is a form that a page of another origin could send.
        InvalidInput: The form has no file.
    """
    bounds: BodyBounds = request.app.state.bounds
    kind, _ = media_type(request.headers.get("content-type"))
    if kind == FORM:
        return await _read_form(request, seconds=bounds.seconds)
    # Without a media type a page of another origin could send it without being asked.
    if kind == _BINARY or kind.startswith("image/"):
        return await read_spooled_body(request, max_bytes=MAX_UPLOAD_BYTES, seconds=bounds.seconds)
    raise RequestRefused(
        f"Send the image itself, with its Content-Type such as image/png, or as the field "
        f"{FILE_FIELD} of {FORM}.",
        status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    )


async def _read_form(request: Request, *, seconds: float) -> bytes:
    form = await read_form(
        request,
        max_bytes=_MAX_FORM_BYTES,
        max_files=1,
        max_fields=_MAX_FIELDS,
        seconds=seconds,
    )
    try:
        file = form.get(FILE_FIELD)
        if not isinstance(file, UploadFile):
            raise InvalidInput(
                f"Send the image as the field {FILE_FIELD} of the form.",
                path=(FILE_FIELD,),
                code=ErrorCode.REQUIRED,
            )
        return await file.read(MAX_UPLOAD_BYTES + 1)
    finally:
        await form.close()
