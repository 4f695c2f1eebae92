"""The URLs of stored images, with resizing where the store supports it."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode, urlsplit

from gql_server.pictures.formats import ImageFormat
from gql_server.storage.store import MAX_URL_SECONDS

MAX_WIDTH: Final = 4096
"""Maximum width of a rendition, in pixels."""


def check_width(width: int | None) -> None:
    """Check the width of a rendition.

    Raises:
        ValueError: It is not from 1 to ``MAX_WIDTH``.
    """
    if width is not None and not 1 <= width <= MAX_WIDTH:
        message = f"width is {width}; it goes from 1 to {MAX_WIDTH} pixels"
        raise ValueError(message)


def check_seconds(expires_in: int) -> None:
    """Check how long a signed URL is valid.

    Raises:
        ValueError: It is not from 1 to ``MAX_URL_SECONDS``.
    """
    if not 1 <= expires_in <= MAX_URL_SECONDS:
        message = f"expires_in is {expires_in}; it goes from 1 to {MAX_URL_SECONDS} seconds"
        raise ValueError(message)


def folder_address(
    base: str,
    key: str,
    *,
    width: int | None,
    image_format: ImageFormat | None,
    signature: Mapping[str, str | int] | None = None,
) -> str:
    """Return the URL of an object on this server, or of a rendition by its query string."""
    query: dict[str, str | int] = {}
    if width is not None:
        query["width"] = width
    if image_format is not None:
        query["format"] = image_format.value
    query |= signature or {}
    return f"{base}/{key}?{urlencode(query)}" if query else f"{base}/{key}"


def bucket_address(
    base: str, key: str, *, width: int | None, image_format: ImageFormat | None
) -> str:
    """Return the URL of an object in a public bucket, or of its rendition by Cloudflare.

    Custom domains are Cloudflare zones, which can transform images; ``r2.dev`` cannot, so its
    URLs have no transformation. PNG is not a format for transformations: without a format,
    Cloudflare keeps a PNG as it is. (Cloudflare Images: Transform via URL.)

    Args:
        base: The bucket's public URL, without a trailing slash.
        key: The object's key.
        width: Pixels to scale down to.
        image_format: The format to convert to.
    """
    site = urlsplit(base)
    options = _transformation(width, image_format)
    if not options or (site.hostname or "").endswith(".r2.dev"):
        return f"{base}/{key}"
    return f"{site.scheme}://{site.netloc}/cdn-cgi/image/{options}{site.path}/{key}"


def _transformation(width: int | None, image_format: ImageFormat | None) -> str:
    options = []
    if width is not None:
        options.append(f"width={width}")
    if image_format is not None and image_format is not ImageFormat.PNG:
        options.append(f"format={image_format.value}")
    if width is not None:
        options.append("fit=scale-down")
    return ",".join(options)
