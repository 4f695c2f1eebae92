"""From a response to a complete image, bounded in size and believed only when it decodes."""

import binascii
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import unquote_to_bytes

import httpx
import orjson
import structlog

from gql_server.inference.workers_ai.error_messages import Redaction
from gql_server.inference.workers_ai.errors import (
    AttemptFailed,
    FailureCause,
    read_error,
)
from gql_server.inference.workers_ai.usage import Usage, read_usage
from gql_server.pictures.decoding import NotAPicture
from gql_server.pictures.inspection import ImageInfo, inspect_picture

MAX_ANSWER_BYTES: Final = 40 * 1024 * 1024
"""The largest image of a model, uncompressed and in base64, is well below it."""

_MAX_ERROR_BYTES: Final = 64 * 1024

_DATA_URL_START: Final = "data:"
_ADDRESS_STARTS: Final = ("https://", "http://")
_MAX_DEPTH: Final = 3
"""How many results may lie within one another; two were seen."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response that was read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredPicture:
    """An image that was decoded to be sure of it.

    Attributes:
        data: Its encoded bytes.
        info: What the decode found.
        usage: Tokens that the provider counted; None where it says nothing.
    """

    data: bytes
    info: ImageInfo
    usage: Usage | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredAddress:
    """The address at which the provider keeps the image.

    Attributes:
        url: The address.
        usage: Tokens that the provider counted; None where it says nothing.
    """

    url: str
    usage: Usage | None = None


async def read_answer(response: httpx.Response) -> Answer:
    """Read a response's body while it arrives, at most ``MAX_ANSWER_BYTES`` of it.

    Of an answer that is an error only the beginning is read.

    Raises:
        AttemptFailed: A success is larger than that.
    """
    if response.is_success:
        body = await _read_whole(response)
    else:
        body = await _read_beginning(response.aiter_bytes())
    return Answer(status=response.status_code, headers=response.headers, body=body)


def read_picture(
    answer: Answer, *, sent: Sequence[str], redact: Redaction
) -> AnsweredPicture | AnsweredAddress:
    """Find the image in an answer, or its address, whatever content type was declared.

    Takes some milliseconds of processor time: call it in a thread.

    Args:
        answer: Read whole.
        sent: The texts of the request, which the service may quote in an error.
        redact: Takes secrets out of what the service says of an error.

    Raises:
        AttemptFailed: The answer is an error, or no complete image.
    """
    if not httpx.codes.is_success(answer.status):
        raise _error(answer, sent, redact)
    if not answer.body[:64].lstrip().startswith(b"{"):
        return _inspected(answer, answer.body)
    result = _result(answer)
    image = _first_image(result)
    if image is None:
        raise _error(answer, sent, redact)
    usage = read_usage(result)
    if image.startswith(_ADDRESS_STARTS):
        return AnsweredAddress(url=image, usage=usage)
    return replace(_inspected(answer, _decoded(answer, image)), usage=usage)


def _inspected(answer: Answer, data: bytes) -> AnsweredPicture:
    try:
        return AnsweredPicture(data=data, info=inspect_picture(data, allow_svg=True))
    except NotAPicture as error:
        raise _without_image(answer, f"a success without an image: {error.reason}") from error


async def _read_whole(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise AttemptFailed(
                FailureCause.SERVICE,
                f"an answer of more than {MAX_ANSWER_BYTES} bytes",
                status=response.status_code,
                may_have_run=True,
            )
    return bytes(body)


async def _read_beginning(chunks: AsyncIterator[bytes]) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > _MAX_ERROR_BYTES:
            break
    return bytes(body[:_MAX_ERROR_BYTES])


def _result(answer: Answer) -> Mapping[str, Any]:
    """Return the innermost result: the envelope of other providers' models holds a second one."""
    try:
        envelope = orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise _without_image(answer, "a success that is broken JSON") from error
    found: Mapping[str, Any] = envelope
    usage = None
    for _ in range(_MAX_DEPTH):
        usage = found.get("usage") or usage
        inner = found.get("result")
        if not isinstance(inner, dict):
            break
        found = inner
    return {**found, "usage": found.get("usage") or usage}


def _first_image(result: Mapping[str, Any]) -> str | None:
    images = result.get("images")
    candidates = [result.get("image"), *(images if isinstance(images, list) else [])]
    found = [_text(candidate) for candidate in candidates]
    given = [image for image in found if image]
    if len(given) > 1:
        log.warning("further_images_dropped", images=len(given))
    return given[0] if given else None


def _text(candidate: object) -> str | None:
    if isinstance(candidate, dict):
        candidate = candidate.get("url") or candidate.get("b64_json")
    return candidate if isinstance(candidate, str) else None


def _decoded(answer: Answer, image: str) -> bytes:
    if image.lstrip().startswith("<"):  # an SVG may come as it is
        return image.encode("utf-8", "surrogatepass")
    if image.startswith(_DATA_URL_START):
        head, _, image = image.partition(",")
        if not head.endswith(";base64"):
            return unquote_to_bytes(image)
    try:
        return binascii.a2b_base64(image)
    except ValueError as error:
        raise _without_image(answer, "a success whose image is broken base64") from error


def _error(answer: Answer, sent: Sequence[str], redact: Redaction) -> AttemptFailed:
    return read_error(answer.status, answer.headers, answer.body, sent=sent, redact=redact)


def _without_image(answer: Answer, detail: str) -> AttemptFailed:
    return AttemptFailed(FailureCause.SERVICE, detail, status=answer.status, may_have_run=True)
