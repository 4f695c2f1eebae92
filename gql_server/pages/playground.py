"""The playground's page: GraphiQL as studio/ builds it, or a page that says how to build it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

from gql_server.graphql.server.playground import Playground
from gql_server.pages.built_page import built_page, content_policy
from gql_server.pages.not_built import NOT_BUILT_PAGE, NOT_BUILT_POLICY, pages_are_built
from gql_server.pages.static_files import STATIC

_POLICY_CHANGES: Final = {
    "worker-src": "'self'",
    # The editor positions its lines by style attributes (docs/decisions/0033-studio.md).
    "style-src": "'self' 'unsafe-inline'",
    "font-src": "'self' data:",
}
_NO_INFO: Final = '<meta name="gql-server-info" content="" />'


@dataclass(frozen=True, slots=True)
class PlaygroundInfo:
    """What the playground's page learns about the server."""

    takes_hashes: bool = True
    """Whether clients may send a document by its hash."""

    only_trusted: bool = False
    """Whether the server runs only trusted documents."""

    image_origins: Sequence[str] = ()
    """Where images come from that this server does not serve itself, such as
    ``https://images.example.com``."""


def playground(
    info: PlaygroundInfo = PlaygroundInfo(), *, public_path: str, folder: Path = STATIC
) -> Playground:
    """Return the page that a browser gets at ``/graphql``.

    Args:
        info: What the page learns about the server.
        public_path: The path below which a proxy serves the server, such as ``/ai``; or empty.
        folder: Where the built pages are.
    """
    if not pages_are_built(folder):
        return Playground(NOT_BUILT_PAGE, NOT_BUILT_POLICY)
    page = built_page(folder / "playground.html", public_path=public_path)
    policy = content_policy(("data:", *info.image_origins), changes=_POLICY_CHANGES)
    return Playground(page.replace(_NO_INFO, _info_element(info)), policy)


def _info_element(info: PlaygroundInfo) -> str:
    content = json.dumps(
        {
            "takesHashes": info.takes_hashes,
            "onlyTrusted": info.only_trusted,
            "imageOrigins": list(info.image_origins),
        }
    )
    return _NO_INFO.replace('content=""', f'content="{escape(content)}"')
