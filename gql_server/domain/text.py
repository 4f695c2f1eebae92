"""Text, and JSON, as every database can hold it."""

import re
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any, Final

from gql_server.domain.errors import ErrorCode, InvalidInput, Path

_MAX_LOOKED_UP_LENGTH: Final = 256
_NO_TEXT: Final = re.compile("[\x00\ud800-\udfff]")


def text_errors(
    value: str, *, path: Path, label: str, minimum: int = 0, maximum: int
) -> Iterator[InvalidInput]:
    """Tell what keeps a text from being accepted.

    Args:
        value: The text.
        path: Where in the input it stands.
        label: What to call it in the message, such as ``Prompt``.
        minimum: Its least number of characters, surrounding space not counted.
        maximum: Its greatest number of characters.
    """
    if len(value) > maximum:  # and what may be of any length is not looked through
        yield InvalidInput(
            f"{label} must be at most {maximum} characters; it has {len(value)}",
            path=path,
            code=ErrorCode.TOO_LONG,
        )
        return
    if len(value.strip()) < minimum:
        characters = "character" if minimum == 1 else "characters"
        yield InvalidInput(
            f"{label} must be at least {minimum} {characters}",
            path=path,
            code=ErrorCode.TOO_SHORT,
        )
    if not is_storable(value):
        yield InvalidInput(
            f"{label} contains an invalid character: NUL or half of a surrogate pair",
            path=path,
        )


def list_errors(values: Sequence[str] | None, *, path: Path, limit: int) -> Iterator[InvalidInput]:
    """Tell what keeps a list to look things up by from being accepted; None is none.

    Args:
        values: The texts, each of at most 256 characters.
        path: Where in the input they stand.
        limit: How many there may be.
    """
    if values is None:
        return
    if len(values) > limit:
        yield InvalidInput(
            f"{path[-1]} takes at most {limit}; it has {len(values)}.",
            path=path,
            code=ErrorCode.TOO_MANY,
        )
    elif any(len(value) > _MAX_LOOKED_UP_LENGTH for value in values):
        yield InvalidInput(
            f"{path[-1]} takes texts of at most {_MAX_LOOKED_UP_LENGTH} characters.",
            path=path,
            code=ErrorCode.TOO_LONG,
        )
    elif not all(is_storable(value) for value in values):
        yield InvalidInput(f"{path[-1]} contains an invalid character.", path=path)


def is_storable(value: Any) -> bool:
    """Tell whether a JSON value can be stored: whole Unicode without NUL, finite numbers."""
    if isinstance(value, str):
        return _NO_TEXT.search(value) is None
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, dict):
        return all(is_storable(key) and is_storable(item) for key, item in value.items())
    if isinstance(value, list):
        return all(is_storable(item) for item in value)
    return True
