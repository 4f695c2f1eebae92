"""From a checked request to the body that its model reads: JSON or a multipart form."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson

from gql_server.inference.generator import GenerationRequest
from gql_server.inference.model import RequestForm

FormPart = tuple[str | None, bytes | str, str | None]
"""File name, content, content type: the way httpx takes the parts of a form."""

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBody:
    """What is sent, and can be sent again: the whole of ``content``, or a form of ``parts``.

    The boundary of a form, and with it the content type, is left to httpx.
    """

    content: bytes | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    parts: Sequence[tuple[str, FormPart]] | None = field(default=None, repr=False)


def write_body(request: GenerationRequest) -> RequestBody:
    """Write a request in its model's form, with the model's own names for the parameters.

    Encoding pictures takes processor time: call it in a thread when there are some.
    """
    if request.model.request is RequestForm.MULTIPART:
        return _form(request)
    return _json(request)


def _form(request: GenerationRequest) -> RequestBody:
    fields = {"prompt": request.prompt, **_wire_parameters(request)}
    parts: list[tuple[str, FormPart]] = [
        (name, (None, str(value), None)) for name, value in fields.items()
    ]
    for number, picture in enumerate(request.source_images):
        name = f"input_image_{number}"
        kind = "png" if picture.startswith(_PNG_SIGNATURE) else "jpeg"
        parts.append((name, (f"{name}.{kind}", picture, f"image/{kind}")))
    return RequestBody(parts=parts)


def _json(request: GenerationRequest) -> RequestBody:
    document: dict[str, object] = {"prompt": request.prompt, **_wire_parameters(request)}
    for picture in request.source_images:
        document["image_b64"] = b64encode(picture).decode()
    if request.mask is not None:
        document["mask"] = list(request.mask)
    return RequestBody(content=orjson.dumps(document), headers={"Content-Type": "application/json"})


def _wire_parameters(request: GenerationRequest) -> dict[str, str | int | float]:
    given = {
        rule.wire_name: getattr(request.parameters, name)
        for name, rule in request.model.parameters.items()
    }
    return {name: value for name, value in given.items() if value is not None}
