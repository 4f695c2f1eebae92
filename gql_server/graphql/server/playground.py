"""The playground's page, and the policy that a browser is to hold it to."""

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256
from html import escape
from typing import Final
from urllib.parse import urlsplit

import orjson
from strawberry.http.ides import get_graphql_ide_html

_OWN_PARAMETERS: Final = frozenset({"q", "variables"})
_EXAMPLE_BEGINS: Final = "const EXAMPLE_QUERY = `"
_EXAMPLE_ENDS: Final = "`;"
_OWN_SCRIPTS: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_FOREIGN: Final = re.compile(r"""\s(?:src|href)=["'](https://[^"']+)["']""")


def asks_for_playground(method: str, accept: str, parameters: Iterable[str]) -> bool:
    """Tell whether a browser opened the address, and sent no operation.

    Args:
        method: The request's.
        accept: Its Accept header.
        parameters: The names in its address; the page itself writes what is typed there.
    """
    return (
        method in {"GET", "HEAD"}
        and "text/html" in accept
        and _OWN_PARAMETERS.issuperset(parameters)
    )


def playground_page(*, title: str, example: str) -> str:
    """Return GraphiQL's page.

    Args:
        title: The title of the page.
        example: The document that it shows at first.

    Raises:
        RuntimeError: Strawberry's page is not the one that is known here.
    """
    page = get_graphql_ide_html(graphql_ide="graphiql")
    head, begins, rest = page.partition(_EXAMPLE_BEGINS)
    _, ends, tail = rest.partition(_EXAMPLE_ENDS)
    if not begins or not ends:
        raise RuntimeError("Strawberry's playground has changed: its example was not found")
    # Inside a script element only "</" could end the text early.
    literal = orjson.dumps(example).decode().replace("</", "<\\/")
    page = f"{head}const EXAMPLE_QUERY = {literal};{tail}"
    # Keys are written among the headers: whether the browser keeps those is for its user to say.
    page = page.replace("shouldPersistHeaders: true,", "")
    return page.replace("<title>Strawberry GraphiQL</title>", f"<title>{escape(title)}</title>")


def playground_policy(page: str) -> str:
    """Return a content security policy under which just this page works.

    Its own scripts are named by their hashes, others by where they come from; it may talk to
    this server alone. Styles are free, for its editor sets them on elements.
    """
    origins = " ".join(sorted(_origins(page)))
    hashes = " ".join(f"'sha256-{_hash(script)}'" for script in _OWN_SCRIPTS.findall(page))
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {origins} {hashes}",
            f"style-src {origins} 'unsafe-inline'",
            f"font-src {origins} data:",
            "img-src 'self' data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )


def _origins(page: str) -> set[str]:
    return {f"https://{urlsplit(address).netloc}" for address in _FOREIGN.findall(page)}


def _hash(script: str) -> str:
    return b64encode(sha256(script.encode()).digest()).decode()
