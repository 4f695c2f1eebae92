"""The OpenAPI 3.1 description, made of the types that validate requests."""

from http import HTTPStatus
from typing import Any, Final, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gql_server import __version__
from gql_server.openai.description.errors import ERRORS
from gql_server.openai.operation import FormBody, Operation
from gql_server.openai.operations import OPERATIONS
from gql_server.openai.options import COST, FAILED, IGNORED, SIZE_ADJUSTED, OpenAIOptions
from gql_server.openai.schemas.fields import MODEL
from gql_server.openai.schemas.responses import CompletedEvent, ErrorAnswer
from gql_server.web.forms import FORM, PREFLIGHT_HEADER

_TITLE: Final = "gql_server OpenAI-compatible API"
_DESCRIPTION: Final = (
    "The images API of OpenAI on this server's models. Every image is stored, charged and listed as"
    ' one of the GraphQL API at `/graphql`. Every error has the form `{"error": {"message", '
    '"type", "param", "code"}}`.'
)
_TAGS: Final = (
    {"name": "images", "description": "Generate, edit and vary images."},
    {"name": "models", "description": "Models that generate images."},
)
_SCHEMAS: Final = "#/components/schemas/"
_JSON: Final = "application/json"
_EVENTS: Final = "text/event-stream"


def document(options: OpenAIOptions) -> dict[str, Any]:
    """Return the description.

    Args:
        options: The operator's choices.
    """
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        methods = paths.setdefault(operation.described_path, {})
        methods[operation.method.lower()] = _described(operation)
    found: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": _TITLE, "version": __version__, "description": _DESCRIPTION},
        "tags": [dict(tag) for tag in _TAGS],
        "paths": paths,
        "components": {"schemas": _schemas()},
    }
    if options.public_path:
        found["servers"] = [{"url": options.public_path}]
    if options.requires_auth:
        found["components"]["securitySchemes"] = {
            "key": {
                "type": "http",
                "scheme": "bearer",
                "description": "An API key of this server, `gqls_…`, or an OpenID Connect token.",
            }
        }
        found["security"] = [{"key": []}]
    return found


def _schemas() -> dict[str, Any]:
    answers: list[type[BaseModel]] = [
        ErrorAnswer,
        CompletedEvent,
        *(one.answer for one in OPERATIONS),
    ]
    bodies = [one.json_body for one in OPERATIONS if one.json_body is not None]
    pairs: list[tuple[type[BaseModel], Literal["validation", "serialization"]]] = [
        *((model, "serialization") for model in dict.fromkeys(answers)),
        *((model, "validation") for model in bodies),
    ]
    _, found = models_json_schema(pairs, ref_template=f"{_SCHEMAS}{{model}}")
    schemas: dict[str, Any] = found["$defs"]
    return schemas


def _described(operation: Operation) -> dict[str, Any]:
    responses: dict[str, Any] = {"200": _success(operation)}
    for status in operation.statuses:
        responses[str(int(status))] = _error(status)
    found: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": operation.description,
        "tags": [operation.tag],
        "responses": responses,
    }
    body = _body(operation)
    if body:
        found["requestBody"] = {"required": True, "content": body}
        found["parameters"] = [_IDEMPOTENCY_KEY]
    elif "{model}" in operation.described_path:
        found["parameters"] = [_MODEL]
    return found


def _success(operation: Operation) -> dict[str, Any]:
    example = {
        name: field.examples[0]
        for name, field in operation.answer.model_fields.items()
        if field.is_required() and field.examples
    }
    content: dict[str, Any] = {_JSON: {"schema": _reference(operation.answer), "example": example}}
    if operation.event is not None:
        content[_EVENTS] = {
            "schema": {"type": "string"},
            "example": 'event: image_generation.completed\ndata: {"type": '
            '"image_generation.completed", …}\n\n',
        }
    found: dict[str, Any] = {"description": "Success.", "content": content}
    if operation.json_body is not None:
        found["headers"] = _HEADERS
    return found


def _error(status: HTTPStatus) -> dict[str, Any]:
    found = ERRORS[status]
    body = {"message": found.description, "type": found.type, "param": None, "code": found.code}
    example = {"error": body}
    content: dict[str, Any] = {_JSON: {"schema": _reference(ErrorAnswer), "example": example}}
    if status is HTTPStatus.FORBIDDEN:
        content["text/plain"] = {"schema": {"type": "string"}, "example": "Forbidden"}
    return {"description": found.description, "content": content}


def _body(operation: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if operation.json_body is not None:
        content[_JSON] = {
            "schema": _reference(operation.json_body),
            "examples": {operation.summary: {"value": dict(operation.json_example)}},
        }
    if operation.form_body is not None:
        content[FORM] = {
            "schema": _form_schema(operation.form_body),
            "examples": {operation.summary: {"value": _form_example(operation)}},
        }
    return content


def _form_schema(form: FormBody) -> dict[str, Any]:
    schema = form.parameters.model_json_schema()
    first = next(iter(form.files))
    schema["description"] = (
        f"A form needs an API key or the header `{PREFLIGHT_HEADER}`, so that no other page can "
        "send it."
    )
    schema["properties"] = {**form.files, **schema["properties"]}
    schema["required"] = [first, *schema.get("required", ())]
    return schema


def _form_example(operation: Operation) -> dict[str, Any]:
    parameters = {
        name: value
        for name, value in operation.json_example.items()
        if not name.startswith("image")
    }
    return {"image": "the bytes of the file", **parameters}


def _reference(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"{_SCHEMAS}{model.__name__}"}


_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Idempotency key: 1 to 255 printable ASCII characters, unique for each new "
    "request. Repeating a request with its key neither generates nor charges its images again, for "
    "24 hours after it finished.",
    "schema": {"type": "string", "examples": ["order-42-cover"]},
}
_MODEL: Final = {
    "name": "model",
    "in": "path",
    "required": True,
    "description": "ID of the model, or a name that stands for one.",
    "schema": {"type": "string", "examples": [MODEL]},
}


def _header(description: str, example: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string", "examples": [example]}}


_HEADERS: Final = {
    SIZE_ADJUSTED: _header(
        "The requested size and that of the first image, where they differ. In a stream, the size "
        "that is expected.",
        "1792x1024 to 1536x1024",
    ),
    IGNORED: _header("Parameters that the model has no setting for.", "quality, style"),
    FAILED: _header("Number of images that failed, if others were generated.", "1"),
    COST: _header("Cost of all images, in US dollars. Not in a stream.", "0.012000000"),
}
