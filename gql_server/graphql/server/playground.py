"""Which requests get the playground, and what they get."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_OWN_PARAMETERS: Final = frozenset({"q", "variables"})


@dataclass(frozen=True, slots=True)
class Playground:
    """A page that a browser gets in place of an answer, as the application provides it."""

    html: str
    policy: str
    """Its content security policy."""


def is_playground_request(method: str, accept: str, parameters: Iterable[str]) -> bool:
    """Return whether a browser opened the address without an operation.

    Args:
        method: The request's method.
        accept: Its Accept header.
        parameters: The names in its query; ``q`` and ``variables`` are for the page itself.
    """
    return (
        method in {"GET", "HEAD"}
        and "text/html" in accept
        and _OWN_PARAMETERS.issuperset(parameters)
    )
