"""The OpenAPI 3.1 description, generated from the types that validate requests."""

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from gql_server import __version__

_DESCRIPTION: Final = (
    "AI images on Cloudflare Workers AI and R2, for REST clients. The GraphQL "
    "API at `/graphql` has the same images, templates, batches and costs, and "
    "more: subscriptions, filters, budgets. Amounts are in US dollars. "
    "Timestamps are ISO 8601 in UTC with milliseconds. Every error has the form"
    ' `{"error", "details": {"message", …}}`.'
)
_TAGS: Final = (
    {"name": "images", "description": "Generate, list, read and delete images."},
    {"name": "uploads", "description": "Upload, list and delete images to generate others from."},
    {"name": "batches", "description": "Generate many images at once."},
    {"name": "templates", "description": "Save models, prompt texts and settings for reuse."},
    {"name": "models", "description": "List the models that generate images."},
    {"name": "costs", "description": "Sum up what images have cost."},
)
_LEFTOVERS: Final = ("HTTPValidationError", "ValidationError")
"""What FastAPI would answer for a wrong request; here that is a 400."""


def describe(app: FastAPI, *, requires_auth: bool) -> None:
    """Have the application describe itself at the first request for it.

    Args:
        app: The application with its routes.
        requires_auth: Whether callers need an API key.
    """
    made: dict[str, Any] = {}

    def openapi() -> dict[str, Any]:
        if not made:
            made.update(_document(app, requires_auth=requires_auth))
        return made

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to change it


def _document(app: FastAPI, *, requires_auth: bool) -> dict[str, Any]:
    document = get_openapi(
        title="gql_server REST API",
        version=__version__,
        openapi_version="3.1.0",
        servers=app.servers or None,
        description=_DESCRIPTION,
        routes=app.routes,
        tags=[dict(tag) for tag in _TAGS],
    )
    for methods in document["paths"].values():
        for operation in methods.values():
            _without_leftovers(operation)
    for name in _LEFTOVERS:
        document["components"]["schemas"].pop(name, None)
    if requires_auth:
        document["components"]["securitySchemes"] = {
            "key": {
                "type": "http",
                "scheme": "bearer",
                "description": "An API key of this server, `gqls_…`, or an OpenID Connect token.",
            }
        }
        document["security"] = [{"key": []}]
    return document


def _without_leftovers(operation: dict[str, Any]) -> None:
    invalid = operation["responses"].get("422")
    if invalid is not None and _LEFTOVERS[0] in str(invalid):
        del operation["responses"]["422"]
