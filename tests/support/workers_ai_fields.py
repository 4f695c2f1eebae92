"""Reading what a request of Workers AI carries, JSON or a multipart form."""

from collections.abc import AsyncGenerator

import orjson
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from tests.support.workers_ai_models import Form, ModelRules
from tests.support.workers_ai_rules import Refusal

_MAX_BODY_BYTES = 50 * 1024 * 1024


async def read_fields(request: Request, rules: ModelRules) -> tuple[Form, dict[str, object]]:
    """Read a request's fields in the form that the model wants.

    Raises:
        Refusal: It came in another form, or cannot be read.
    """
    content_type, _, options = request.headers.get("content-type", "").partition(";")
    body = await _body(request)
    if content_type == "multipart/form-data":
        if "boundary=" not in options:
            raise Refusal(3003, 400, "Request is missing headers or body: boundary")
        if rules.form != "multipart":
            raise Refusal(5004, 400, "this model takes application/json")
        return "multipart", await _form_fields(request.headers, body)
    if content_type == "application/json":
        if rules.form != "json":
            raise Refusal(5004, 400, "required properties at '/' are 'multipart'")
        return "json", _json_fields(body)
    raise Refusal(3003, 400, "Request is missing headers or body: Content-Type")


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            raise Refusal(3006, 413, "Request is too large")
    if not body:
        raise Refusal(3003, 400, "Request is missing headers or body: body")
    return bytes(body)


def _json_fields(body: bytes) -> dict[str, object]:
    try:
        fields = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Refusal(5004, 400, f"the body is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise Refusal(5004, 400, "the body must be a JSON object")
    return fields


async def _form_fields(headers: Headers, body: bytes) -> dict[str, object]:
    async def whole() -> AsyncGenerator[bytes, None]:
        yield body
        yield b""

    try:
        form = await MultiPartParser(headers, whole(), max_files=16, max_fields=64).parse()
    except (MultiPartException, KeyError) as error:
        raise Refusal(5004, 400, f"the form cannot be read: {error}") from None
    try:
        items = [
            (name, await value.read() if isinstance(value, UploadFile) else value)
            for name, value in form.multi_items()
        ]
    finally:
        await form.close()
    fields: dict[str, object] = dict(items)
    if len(fields) != len(items):
        raise Refusal(5004, 400, "a field of the form is given twice")
    return fields
