"""From a checked request to the body that its model reads: JSON or a multipart form."""

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from gql_server.inference.generator import GenerationRequest
from gql_server.inference.model import ImageInputs, RequestForm

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

    Encoding images takes processor time: call it in a thread when there are some.
    """
    match request.model.request:
        case RequestForm.MULTIPART:
            return _form(request)
        case RequestForm.JSON:
            return _json(request)
        case RequestForm.RUN:
            return _json_body({"model": request.model.id, "input": dict(_input(request))})


def _form(request: GenerationRequest) -> RequestBody:
    fields = {"prompt": request.prompt, **_wire_parameters(request)}
    parts: list[tuple[str, FormPart]] = [
        (name, (None, str(value), None)) for name, value in fields.items()
    ]
    for number, picture in enumerate(request.source_images):
        name = f"input_image_{number}"
        kind = _kind(picture)
        parts.append((name, (f"{name}.{kind}", picture, f"image/{kind}")))
    return RequestBody(parts=parts)


def _json(request: GenerationRequest) -> RequestBody:
    document: dict[str, object] = {"prompt": request.prompt, **_wire_parameters(request)}
    for picture in request.source_images:
        document["image_b64"] = b64encode(picture).decode()
    if request.mask is not None:
        document["mask"] = list(request.mask)
    return _json_body(document)


def _json_body(document: Mapping[str, object]) -> RequestBody:
    return RequestBody(content=orjson.dumps(document), headers={"Content-Type": "application/json"})


def _input(request: GenerationRequest) -> Iterator[tuple[str, object]]:
    model = request.model
    if request.prompt:
        yield model.prompt_wire_name, request.prompt
    yield from _wire_parameters(request).items()
    yield from model.constants.items()
    inputs = model.image_inputs
    if inputs is None or inputs.wire_name is None:
        return
    images = [_encoded(inputs, image) for image in request.source_images]
    if images and inputs.first_wire_name is not None:
        yield inputs.first_wire_name, images.pop(0)
    if images:
        yield inputs.wire_name, images[0] if inputs.shape == "single" else images
    if request.mask is not None:
        yield "mask", _encoded(inputs, request.mask)


def _encoded(inputs: ImageInputs, image: bytes) -> object:
    text = b64encode(image).decode()
    if inputs.encoding == "data_uri":
        text = f"data:image/{_kind(image)};base64,{text}"
    return text if inputs.key is None else {inputs.key: text}


def _kind(image: bytes) -> str:
    return "png" if image.startswith(_PNG_SIGNATURE) else "jpeg"


def _wire_parameters(request: GenerationRequest) -> dict[str, Any]:
    model = request.model
    settings = request.parameters.settings()
    given = {model.wire_name(name): settings[name] for name in model.parameters if name in settings}
    if "width" in settings and "height" in settings:
        given |= model.custom_size
        if model.has_joined_size:
            given[model.wire_name("width")] = f"{settings['width']}x{settings['height']}"
    return given
