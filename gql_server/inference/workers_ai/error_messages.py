"""Reading the code and the message of an error of Workers AI, or of a provider behind it."""

import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

import orjson

Redaction = Callable[[str], str]
"""Returns a text without the secrets that it may contain."""

_QUOTED = re.compile(r"""(?<!\w)(?:"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”|\u2018[^\u2019]*\u2019)(?!\w)""")
"""Quotations, in which a message may repeat the request."""

_WORD = re.compile(r"\w+")

_MIN_QUOTED_LENGTH: Final = 12
"""A prompt's beginning of at least this length is recognized without quotation marks."""

_WRAPPING = re.compile(r"^(?:AiError:\s*)+(?:\d{4,5}:\s*)?|\s*\([0-9a-f-]{36}\)$")
"""The class name, number and request id that the service puts around its messages."""

_MAX_DETAIL_LENGTH: Final = 300
_MAX_MESSAGE_LENGTH: Final = 8192
"""Messages are read up to this length: they may quote a long prompt first."""


def first_error(body: bytes, redact: Redaction, known: AbstractSet[int]) -> tuple[int | None, str]:
    """Return the code and the message of a body, preferring an error whose code is known."""
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None, ""
    if not isinstance(envelope, dict):
        return None, ""
    found = envelope.get("errors") or envelope.get("error")  # an AI Gateway's own say "error"
    inner = envelope.get("result")
    if not found and isinstance(inner, dict):  # what another provider says of its failure
        found = inner.get("error")
    entries = found if isinstance(found, list) and found else [found]
    errors = [_code_and_message(entry, redact) for entry in entries]
    return next((error for error in errors if error[0] in known), errors[0])


def _code_and_message(entry: object, redact: Redaction) -> tuple[int | None, str]:
    if isinstance(entry, str):
        return None, _cleaned(entry, redact)
    if not isinstance(entry, dict):
        return None, ""
    code, message = entry.get("code"), entry.get("message")
    if isinstance(code, str) and code.isascii() and code.isdigit():
        code = int(code[:9])
    if isinstance(code, bool) or not isinstance(code, int):
        code = None
    return code, _cleaned(message, redact) if isinstance(message, str) else ""


def _cleaned(message: str, redact: Redaction) -> str:
    printable = "".join(letter if letter.isprintable() else " " for letter in redact(message))
    plain = _WRAPPING.sub("", " ".join(printable.split()))
    return plain[:_MAX_MESSAGE_LENGTH]


def shortened(message: str) -> str:
    """Return a message for people, at most some 300 characters long."""
    is_short = len(message) <= _MAX_DETAIL_LENGTH
    return message if is_short else f"{message[:_MAX_DETAIL_LENGTH]}…"


def without_quotations(message: str, sent: Sequence[str]) -> str:
    """Return a message without quotations of the request, whole or shortened."""
    message = message.replace('\\"', '"')
    for text in (" ".join(text.split()) for text in sent):
        low, high = 0, len(text)
        while low < high:  # the longest beginning of the text that the message contains
            middle = (low + high + 1) // 2
            low, high = (middle, high) if text[:middle] in message else (low, middle - 1)
        if low >= min(_MIN_QUOTED_LENGTH, len(text)) > 0:
            message = message.replace(text[:low], " ")
    known = {word.casefold() for text in sent for word in _WORD.findall(text)}

    def without_sent(quoted: re.Match[str]) -> str:
        words = {word.casefold() for word in _WORD.findall(quoted[0])}
        return " " if words <= known else quoted[0]

    return _QUOTED.sub(without_sent, message)
