"""The studio's page at ``/``, as studio/ builds it, and what it learns before anyone signs in."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from gql_server.pages.built_page import built_page, content_policy
from gql_server.pages.not_built import NOT_BUILT_PAGE, NOT_BUILT_POLICY, pages_are_built
from gql_server.pages.sign_in import sign_in_routes
from gql_server.pages.static_files import STATIC

_FILE: Final = "index.html"
_FOLDER: Final = "/studio"


@dataclass(frozen=True, slots=True)
class StudioInfo:
    """What the studio's page learns from the server before anyone has signed in."""

    requires_auth: bool
    """Whether callers need an API key or a provider's token."""
    has_provider: bool = False
    """Whether a browser can sign in at an OpenID Connect provider."""


def studio_routes(
    info: StudioInfo,
    *,
    public_path: str,
    image_origins: Iterable[str] = (),
    folder: Path = STATIC,
) -> list[Route]:
    """Serve the studio's page at ``/`` and beneath ``/studio``, and its info as JSON.

    At ``/`` only browsers get the page; other clients are redirected to ``/graphql``, where the
    API is.

    Args:
        info: What the page learns before anyone has signed in.
        public_path: The path that a proxy serves the server beneath, such as ``/ai``; or empty.
        image_origins: Where images come from that this server does not serve itself, such as
            ``https://images.example.com``.
        folder: Where the built pages are.
    """
    page = _page(folder, public_path, image_origins)
    known = {"asksForKeys": info.requires_auth, "hasProvider": info.has_provider}

    async def root(request: Request) -> Response:
        if "text/html" not in request.headers.get("accept", ""):
            return RedirectResponse("/graphql", headers={"Vary": "Accept"})
        return page()

    async def studio(_request: Request) -> Response:
        return page()

    async def info_as_json(_request: Request) -> Response:
        return JSONResponse(known)

    return [
        Route("/", root, methods=["GET"]),
        *(sign_in_routes() if info.has_provider else ()),
        Route(_FOLDER, studio, methods=["GET"]),
        Route(f"{_FOLDER}/{{path:path}}", studio, methods=["GET"]),
        Route(f"{_FOLDER}.json", info_as_json, methods=["GET"]),
    ]


def _page(
    folder: Path, public_path: str, image_origins: Iterable[str]
) -> Callable[[], HTMLResponse]:
    """Return what makes a response of the page: compression changes the headers of each."""
    # A new build has new names for its assets, so a cache asks whether the page is still the same.
    headers = {"Vary": "Accept", "Cache-Control": "no-cache"}
    if not pages_are_built(folder):
        headers["Content-Security-Policy"] = NOT_BUILT_POLICY
        return partial(HTMLResponse, NOT_BUILT_PAGE, headers=headers)
    origins = tuple(image_origins)
    # Downloads read the files.
    changes = {"connect-src": " ".join(("'self'", *origins))}
    headers["Content-Security-Policy"] = content_policy(origins, changes=changes)
    html = built_page(folder / _FILE, public_path=public_path)
    return partial(HTMLResponse, html, headers=headers)
