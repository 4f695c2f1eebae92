"""The content type and metadata that are stored with an object."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, unquote

from gql_server.storage.store import StoredObject

MAX_METADATA_BYTES: Final = 1_900
"""Of the 2 KB that S3 allows for an object's metadata; the store uses the rest itself."""

PUT_ID: Final = "put-id"
"""The metadata key that identifies the writes of one call."""

_METADATA_KEY: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_CONTENT_TYPE: Final = re.compile(r"[a-z0-9.+-]+/[a-z0-9.+-]+(?:; ?[!-~]+)*")

_VERBATIM: Final = "!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"
"""Printable ASCII that headers carry unchanged; only % is escaped."""


def check_metadata(stored: StoredObject) -> None:
    """Check that every store can keep the content type and metadata unchanged.

    Raises:
        ValueError: The content type is not a media type; a metadata key has characters other
            than lower-case letters, digits and single hyphens (servers drop headers with
            underscores) or is ``put-id``; or the metadata is too long.
    """
    if not _CONTENT_TYPE.fullmatch(stored.content_type):
        message = f"{stored.content_type!r} is not a media type"
        raise ValueError(message)
    for name in stored.metadata:
        if not _METADATA_KEY.fullmatch(name) or name == PUT_ID:
            message = f"{name!r} cannot be a metadata key: use lower-case words joined by hyphens"
            raise ValueError(message)
    headers = to_headers(stored.metadata)
    if sum(len(name) + len(value) for name, value in headers.items()) > MAX_METADATA_BYTES:
        message = f"the metadata take more than {MAX_METADATA_BYTES} bytes"
        raise ValueError(message)


def to_headers(metadata: Mapping[str, str]) -> dict[str, str]:
    """Encode metadata for headers: spaces, % and non-ASCII characters are percent-encoded."""
    return {name: quote(value, safe=_VERBATIM) for name, value in metadata.items()}


def from_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Decode what ``to_headers`` encoded, without the store's own entries."""
    return {name: unquote(value) for name, value in headers.items() if name != PUT_ID}
