"""The playground's page: GraphiQL as studio/ builds it, or a page that says how to build it."""

from html import escape
from pathlib import Path
from typing import Final

from gql_server.graphql.server.playground import Playground
from gql_server.pages.static_files import ASSETS, STATIC

HOW_TO_BUILD: Final = (
    "The playground is not built: run `make studio` in the source folder (it needs the npm "
    "registry), then restart the server."
)
"""One line for operators; the API works without the playground."""

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
_POLICY_WITHOUT_SCRIPTS: Final = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"


def playground_is_built(folder: Path = STATIC) -> bool:
    """Return whether this installation has the playground."""
    return (folder / "playground.html").is_file()


def playground(*, public_path: str, folder: Path = STATIC) -> Playground:
    """Return the page that a browser gets at ``/graphql``.

    Args:
        public_path: The path that a proxy serves the server beneath, such as ``/ai``; or empty.
        folder: Where the built pages are.
    """
    if not playground_is_built(folder):
        return Playground(_not_built_page(), _POLICY_WITHOUT_SCRIPTS)
    page = (folder / "playground.html").read_text("utf-8")
    return Playground(page.replace(f'"./{ASSETS}/', f'"{public_path}/{ASSETS}/'), _POLICY)


def _not_built_page() -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="color-scheme" content="light dark"><title>gql_server</title>'
        f"<h1>gql_server</h1><p>{escape(HOW_TO_BUILD)}</p>"
        "<p>The GraphQL API answers at this address, as always.</p></html>"
    )
