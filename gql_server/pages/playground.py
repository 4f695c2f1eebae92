"""The playground's page: GraphiQL as studio/ builds it, or a page that says how to build it."""

from pathlib import Path
from typing import Final

from gql_server.graphql.server.playground import Playground
from gql_server.pages.not_built import NOT_BUILT_PAGE, NOT_BUILT_POLICY, pages_are_built
from gql_server.pages.static_files import ASSETS, STATIC

_DIRECTIVES: Final = (
    "default-src 'none'",
    "script-src 'self'",
    "worker-src 'self'",
    # The editor positions its lines by style attributes (docs/decisions/0033-studio.md).
    "style-src 'self' 'unsafe-inline'",
    "font-src 'self' data:",
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)
_POLICY: Final = "; ".join(_DIRECTIVES)


def playground(*, public_path: str, folder: Path = STATIC) -> Playground:
    """Return the page that a browser gets at ``/graphql``.

    Args:
        public_path: The path below which a proxy serves the server, such as ``/ai``; or empty.
        folder: Where the built pages are.
    """
    if not pages_are_built(folder):
        return Playground(NOT_BUILT_PAGE, NOT_BUILT_POLICY)
    page = (folder / "playground.html").read_text("utf-8")
    return Playground(page.replace(f'"./{ASSETS}/', f'"{public_path}/{ASSETS}/'), _POLICY)
