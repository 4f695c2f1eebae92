"""What browsers get if the pages are not built."""

from html import escape
from pathlib import Path
from typing import Final

from gql_server.pages.static_files import STATIC

HOW_TO_BUILD: Final = (
    "The pages for browsers are not built: run `make studio` in the source folder (it needs the "
    "npm registry), then restart the server."
)
"""One line for operators; the API works without the pages."""

NOT_BUILT_POLICY: Final = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"
"""The content security policy of that page, which has no scripts."""

NOT_BUILT_PAGE: Final = (
    '<!doctype html><html lang="en"><meta charset="utf-8">'
    '<meta name="viewport" content="width=device-width, initial-scale=1">'
    '<meta name="color-scheme" content="light dark"><title>gql_server</title>'
    f"<h1>gql_server</h1><p>{escape(HOW_TO_BUILD)}</p>"
    "<p>The GraphQL API is at /graphql, as always.</p></html>"
)


def pages_are_built(folder: Path = STATIC) -> bool:
    """Return whether this installation has the pages."""
    return (folder / "playground.html").is_file()
