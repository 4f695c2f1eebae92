"""From a response to a complete picture, bounded in size and believed only when it decodes."""

import binascii
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import httpx
import orjson

from gql_server.inference.workers_ai.errors import AttemptFailed, Fault, Redaction, read_error
from gql_server.pictures.decoding import NotAPicture
from gql_server.pictures.inspection import ImageInfo, inspect_picture

MAX_ANSWER_BYTES: Final = 40 * 1024 * 1024
"""The largest picture that a model makes, uncompressed and in base64, is well below it."""

_MAX_ERROR_BYTES: Final = 64 * 1024

_DATA_URL_START: Final = "data:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A response that was read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredPicture:
    """A picture that was decoded to be sure of it."""

    data: bytes
    info: ImageInfo


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


def read_picture(answer: Answer, *, sent: Sequence[str], redact: Redaction) -> AnsweredPicture:
    """Tell the picture from an answer, whatever content type was declared.

    Takes some milliseconds of processor time: call it in a thread.

    Args:
        answer: Read whole.
        sent: The texts of the request, which the service may quote in an error.
        redact: Takes secrets out of what the service says of an error.

    Raises:
        AttemptFailed: The answer is an error, or no complete picture.
    """
    if not httpx.codes.is_success(answer.status):
        raise _error(answer, sent, redact)
    is_json = answer.body[:64].lstrip().startswith(b"{")
    data = _picture_in_envelope(answer, sent, redact) if is_json else answer.body
    try:
        return AnsweredPicture(data=data, info=inspect_picture(data))
    except NotAPicture as error:
        raise _no_picture(answer, f"a success without a picture: {error.reason}") from error


async def _read_whole(response: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > MAX_ANSWER_BYTES:
            raise AttemptFailed(
                Fault.SERVICE,
                f"an answer of more than {MAX_ANSWER_BYTES} bytes",
                status=response.status_code,
            )
    return bytes(body)


async def _read_beginning(chunks: AsyncIterator[bytes]) -> bytes:
    body = bytearray()
    async for chunk in chunks:
        body += chunk
        if len(body) > _MAX_ERROR_BYTES:
            break
    return bytes(body[:_MAX_ERROR_BYTES])


def _picture_in_envelope(answer: Answer, sent: Sequence[str], redact: Redaction) -> bytes:
    try:
        envelope = orjson.loads(answer.body)
    except orjson.JSONDecodeError as error:
        raise _no_picture(answer, "a success that is broken JSON") from error
    result = envelope.get("result")
    image = result.get("image") if isinstance(result, dict) else None
    if not isinstance(image, str):
        raise _error(answer, sent, redact)
    if image.startswith(_DATA_URL_START):
        image = image.partition(",")[2]
    try:
        return binascii.a2b_base64(image)
    except ValueError as error:
        raise _no_picture(answer, "a success whose picture is broken base64") from error


def _error(answer: Answer, sent: Sequence[str], redact: Redaction) -> AttemptFailed:
    return read_error(answer.status, answer.headers, answer.body, sent=sent, redact=redact)


def _no_picture(answer: Answer, detail: str) -> AttemptFailed:
    return AttemptFailed(Fault.SERVICE, detail, status=answer.status)
