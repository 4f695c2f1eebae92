"""Headers of a request, read where they are: a request's own object of them costs more."""

from starlette.types import Scope


def header_of(scope: Scope, name: bytes) -> str | None:
    """Return the first header of that name, which is in lower case; None: there is none."""
    for found, value in scope["headers"]:
        if found == name:
            text: str = value.decode("latin-1")
            return text
    return None
