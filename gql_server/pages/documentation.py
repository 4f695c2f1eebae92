"""The documentation at ``/docs/``, as ``make docs`` builds it."""

from html import escape
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from gql_server.pages.built_page import content_policy
from gql_server.pages.not_built import NOT_BUILT_POLICY

SITE: Final = Path(__file__).parent / "site"
"""Where ``make docs`` builds to; the folder may be missing."""

HOW_TO_BUILD_DOCUMENTATION: Final = (
    "The documentation is not built: run `make docs` in the source folder (it needs PyPI), then "
    "restart the server. Its pages are also readable as they are, in the folder docs."
)

_PATH: Final = "/docs"
_HOME: Final = "index.html"
_NOT_BUILT: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark"><title>gql_server</title>'
    f"<h1>gql_server</h1><p>{escape(HOW_TO_BUILD_DOCUMENTATION)}</p></html>"
)
_HEADERS: Final = {
    "Cache-Control": "no-cache",  # a new version changes pages under their old names
    "Content-Security-Policy": content_policy(
        changes={
            "img-src": "'self' data:",  # the theme's icons
            "form-action": "'self'",  # the search
        }
    ),
}


def documentation_routes(folder: Path = SITE) -> list[BaseRoute]:
    """Serve the site at ``/docs/`` to GET and HEAD, or a page that says how to build it."""

    async def to_home(_request: Request) -> Response:
        return RedirectResponse("docs/", headers={"Cache-Control": "no-cache"})

    async def not_built(_request: Request) -> Response:
        headers = _HEADERS | {"Content-Security-Policy": NOT_BUILT_POLICY}
        return HTMLResponse(_NOT_BUILT, headers=headers)

    if not (folder / _HOME).is_file():
        return [Route(path, not_built, methods=["GET"]) for path in (_PATH, f"{_PATH}/")]
    return [Route(_PATH, to_home, methods=["GET"]), Mount(_PATH, _Site(directory=folder))]


class _Site(StaticFiles):
    """Files whose folders have an ``index.html``, and which browsers ask for again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if scope["path"].endswith("/"):
            path = str(Path(path) / _HOME)
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        return response
