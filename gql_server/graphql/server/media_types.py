"""Which media types a client takes, and which of them it is answered in."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from gql_server.web.bodies import media_type

JSON: Final = "application/json"
RESPONSE_JSON: Final = "application/graphql-response+json"
EVENT_STREAM: Final = "text/event-stream"
_MULTIPART: Final = "multipart/mixed"
_MAX_REMEMBERED: Final = 300

Stream = Literal["sse", "multipart-subscription"]


class Accepted(NamedTuple):
    """What a client takes."""

    single: str | None
    """The media type for one answer; None when it takes neither of the two."""
    stream: Stream | None
    """How it takes the answers of a subscription over HTTP."""


def accepted(header: str | None) -> Accepted:
    """Read an Accept header; without one, or with `*/*`, the answer is application/json."""
    if header is None:
        return _ANYTHING
    return _remembered(header) if len(header) <= _MAX_REMEMBERED else _accepted(header)


def _accepted(header: str) -> Accepted:
    single: str | None = None
    single_quality = 0.0
    stream: Stream | None = None
    stream_quality = 0.0
    for kind, parameters, quality in _ranges(header):
        if quality > single_quality and kind in _SINGLE:
            single, single_quality = _SINGLE[kind], quality
        if quality > stream_quality:
            if kind == EVENT_STREAM:
                stream, stream_quality = "sse", quality
            elif kind == _MULTIPART and parameters.get("subscriptionspec", "").startswith("1"):
                stream, stream_quality = "multipart-subscription", quality
    return Accepted(single, stream)


_SINGLE: Final = {
    JSON: JSON,
    RESPONSE_JSON: RESPONSE_JSON,
    "application/*": JSON,
    "*/*": JSON,
}
_ANYTHING: Final = Accepted(JSON, None)
_remembered = lru_cache(maxsize=256)(_accepted)


def _ranges(header: str) -> Iterator[tuple[str, dict[str, str], float]]:
    for part in header.split(","):
        kind, parameters = media_type(part)
        yield kind, parameters, _quality(parameters.get("q", "1"))


def _quality(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
