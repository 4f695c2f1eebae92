"""Stored images as image content: within a bound, in a format that clients show."""

import asyncio
from base64 import b64encode
from dataclasses import dataclass
from typing import Final

import structlog

from gql_server.generation.services import Services
from gql_server.mcp.tool import Picture
from gql_server.pictures.decoding import NotAPicture
from gql_server.pictures.formats import ImageFormat
from gql_server.storage.store import StoreMisconfigured, StoreUnavailable

log = structlog.get_logger(__name__)

MAX_BYTES: Final = 700 * 1024
"""Maximum bytes of an image before it is encoded: clients accept results of about a megabyte."""

_WIDTHS: Final = (1024, 768, 512, 256)
_SHOWN_AS_THEY_ARE: Final = frozenset(
    one.content_type for one in (ImageFormat.JPEG, ImageFormat.PNG, ImageFormat.WEBP)
)


@dataclass(frozen=True, slots=True)
class Shown:
    """The bytes of an image to show.

    Attributes:
        data: The bytes in base64.
        content_type: Their media type.
    """

    data: str
    content_type: str


async def shown(services: Services, picture: Picture) -> Shown | None:
    """Return an image's bytes, scaled down where the file is too large.

    None: the file cannot be read or decoded at the moment. The link remains.
    """
    try:
        stored = await services.store.get(picture.key)
        if stored is None:
            return None
        if picture.content_type in _SHOWN_AS_THEY_ARE and len(stored.data) <= MAX_BYTES:
            data, content_type = stored.data, picture.content_type
        else:
            async with services.decoding:
                data, content_type = await asyncio.to_thread(_rendition, services, stored.data)
    except (NotAPicture, StoreUnavailable, StoreMisconfigured) as error:
        log.warning("picture_not_shown", image=picture.image_id, reason=str(error))
        return None
    if len(data) > MAX_BYTES:
        return None
    encoded = await asyncio.to_thread(b64encode, data)
    return Shown(encoded.decode("ascii"), content_type)


def _rendition(services: Services, original: bytes) -> tuple[bytes, str]:
    data, image_format = original, ImageFormat.WEBP
    for width in _WIDTHS:
        data, image_format = services.marker.render(original, width=width, format=ImageFormat.WEBP)
        if len(data) <= MAX_BYTES:
            break
    return data, image_format.content_type
