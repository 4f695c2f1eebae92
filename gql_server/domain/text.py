"""Text and JSON in forms that every database can store."""

import re
from collections.abc import Iterator, Sequence
from math import isfinite
from typing import Any, Final

from gql_server.domain.errors import ErrorCode, InvalidInput, Path

MAX_JSON_BYTES: Final = 16 * 1024
"""Maximum size of a JSON object that a client stores."""

_MAX_LOOKED_UP_LENGTH: Final = 256
_NO_TEXT: Final = re.compile("[\x00\ud800-\udfff]")


def text_errors(
    value: str, *, path: Path, label: str, minimum: int = 0, maximum: int
) -> Iterator[InvalidInput]:
    """Yield the errors of a text.

    Args:
        value: The text.
        path: Where it is in the input.
        label: Its name in messages, such as ``Prompt``.
        minimum: Minimum number of characters, without surrounding space.
        maximum: Maximum number of characters.
    """
    if len(value) > maximum:  # texts of unlimited length are not scanned
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
    """Yield the errors of a list of values to look up; None has none.

    Args:
        values: The texts, each of at most 256 characters.
        path: Where they are in the input.
        limit: Maximum number of values.
    """
    if values is None:
        return
    if len(values) > limit:
        yield InvalidInput(
            f"Too many values: at most {limit} are allowed; there are {len(values)}.",
            path=path,
            code=ErrorCode.TOO_MANY,
        )
    elif any(len(value) > _MAX_LOOKED_UP_LENGTH for value in values):
        yield InvalidInput(
            f"The value is too long: at most {_MAX_LOOKED_UP_LENGTH} characters are allowed.",
            path=path,
            code=ErrorCode.TOO_LONG,
        )
    elif not all(is_storable(value) for value in values):
        yield InvalidInput("The value contains an invalid character.", path=path)


def is_storable(value: Any) -> bool:
    """Return whether a JSON value can be stored: valid Unicode without NUL, finite numbers."""
    if isinstance(value, str):
        return _NO_TEXT.search(value) is None
    if isinstance(value, float):
        return isfinite(value)
    if isinstance(value, dict):
        return all(is_storable(key) and is_storable(item) for key, item in value.items())
    if isinstance(value, list):
        return all(is_storable(item) for item in value)
    return True
