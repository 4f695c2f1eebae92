"""Request headers, read from the ASGI scope: a request's own header object costs more."""

import re
from typing import Final

from starlette.types import Scope

_ESCAPED: Final = re.compile(r"\\([\"\\])")


def header_of(scope: Scope, name: bytes) -> str | None:
    """Return the first header with a lower-case name; None if there is none."""
    for found, value in scope["headers"]:
        if found == name:
            text: str = value.decode("latin-1")
            return text
    return None


def is_known(scope: Scope, etag: str) -> bool:
    """Return whether the client has this version: compared weakly, as RFC 9110, 13.1.2 requires."""
    known = [tag.strip() for tag in (header_of(scope, b"if-none-match") or "").split(",")]
    return "*" in known or etag.removeprefix("W/") in [tag.removeprefix("W/") for tag in known]


def unquoted(key: str | None) -> str | None:
    """Return an idempotency key without the quotes that the header's draft standard requires.

    In quotes it is a string of structured fields, in which they and backslashes are escaped.
    """
    if key is not None and len(key) > 1 and key[0] == key[-1] == '"':
        return _ESCAPED.sub(r"\1", key[1:-1])
    return key
