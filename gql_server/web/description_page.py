"""The page that shows an OpenAPI description, with nothing from elsewhere on it."""

from collections.abc import Sequence
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="docs/assets/swagger-ui.css">
<link rel="icon" href="data:,">
</head>
<body>
<div id="docs"></div>
<script src="docs/assets/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
_START: Final = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  persistAuthorization: false,
});
"""
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Styles are free, for its parts set them on elements."""


def docs_routes(folder: str, title: str) -> Sequence[BaseRoute]:
    """Return the routes of the page, its script and its assets, which come from a package.

    Args:
        folder: The path above the page, which has the description as ``openapi.json``.
        title: The title of the page.
    """
    html = _PAGE.format(title=title)

    async def page(_request: Request) -> Response:
        return HTMLResponse(html, headers={"Content-Security-Policy": _POLICY})

    return [
        Route(f"{folder}/docs", page, methods=["GET"]),
        Route(f"{folder}/docs/start.js", _start, methods=["GET"]),
        Mount(f"{folder}/docs/assets", _assets()),
    ]


def _assets() -> StaticFiles:
    return StaticFiles(packages=[("fastapi_standalone_docs", "static/swagger")])


async def _start(_request: Request) -> Response:
    return Response(_START, media_type="text/javascript")
