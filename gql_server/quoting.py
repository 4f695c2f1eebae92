"""How messages quote a value that a client sent."""

import json
from itertools import islice
from typing import Any, Final

_MAX_LENGTH: Final = 240
_MAX_DEPTH: Final = 3
_MAX_ENTRIES: Final = 10
_LEFT_OUT: Final = "…"


def quoted(value: Any) -> str:
    """Write a value as JSON, shortened if it is long or deep.

    Values that JSON lacks, such as uploaded files, are written as the name of their type.
    """
    text = json.dumps(_shortened(value, _MAX_DEPTH), ensure_ascii=False)
    if len(text) > _MAX_LENGTH:
        text = f"{text[: _MAX_LENGTH // 2]}{_LEFT_OUT}{text[-_MAX_LENGTH // 2 :]}"
    # Text can contain half of a surrogate pair, a response cannot.
    return text.encode("utf-8", "backslashreplace").decode()


def _shortened(value: Any, depth: int) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return value if len(value) <= _MAX_LENGTH else f"{value[:_MAX_LENGTH]}{_LEFT_OUT}"
        case dict() | list() if value and depth == 0:
            return _LEFT_OUT
        case dict():
            first = islice(value.items(), _MAX_ENTRIES)
            shown = {name[:_MAX_LENGTH]: _shortened(one, depth - 1) for name, one in first}
            return shown if len(value) <= _MAX_ENTRIES else shown | {_LEFT_OUT: _LEFT_OUT}
        case list():
            items = [_shortened(one, depth - 1) for one in value[:_MAX_ENTRIES]]
            return items if len(value) <= _MAX_ENTRIES else [*items, _LEFT_OUT]
    return type(value).__name__
