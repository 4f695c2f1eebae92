"""Data URLs: an image as text, for clients that cannot send multipart requests."""

import binascii
import re
from base64 import b64decode
from typing import Final

from gql_server.domain.errors import ErrorCode, InvalidInput
from gql_server.generation.create_upload import MAX_UPLOAD_BYTES

_PREFIX: Final = re.compile(r"data:[^,]{0,200};base64,", re.IGNORECASE)
_MAX_PREFIX: Final = 220
_MAX_LENGTH: Final = _MAX_PREFIX + (MAX_UPLOAD_BYTES + 2) // 3 * 4
"""Of the text, before it is decoded."""

DATA_URL_PATH: Final = ("data_url",)


def read_data_url(text: str) -> bytes:
    """Return the bytes of a data URL in base64, whatever media type it names.

    Raises:
        InvalidInput: It is too long or malformed.
    """
    if len(text) > _MAX_LENGTH:
        raise InvalidInput(
            f"A source image must be at most {MAX_UPLOAD_BYTES} bytes.",
            path=DATA_URL_PATH,
            code=ErrorCode.TOO_LONG,
        )
    prefix = _PREFIX.match(text)
    if prefix is None:
        raise InvalidInput(
            "A data URL begins with its media type and encoding: data:image/png;base64,…",
            path=DATA_URL_PATH,
        )
    try:
        return b64decode(text[prefix.end() :].encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise InvalidInput(
            "The data URL is not whole: what follows the comma is not base64.", path=DATA_URL_PATH
        ) from error
