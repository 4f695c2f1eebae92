"""What a picture is, read from its bytes in one decode."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Final

from fast_thumbhash import rgba_to_thumb_hash  # type: ignore[import-untyped] # ships no types
from PIL import Image

from gql_server.pictures.decoding import (
    MAX_PIXELS,
    decode,
    format_of,
    is_on_its_side,
    opened,
    to_rgba,
)
from gql_server.pictures.formats import ImageFormat

_PLACEHOLDER_SIDE: Final = 32
"""ThumbHash keeps seven waves along a side and takes 100 pixels at most; these do."""

_WELL_SCALED: Final = {"L", "RGB", "RGBA", "CMYK"}
"""Modes that scale smoothly before they are converted, which is quicker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInfo:
    """What the bytes of a picture say about it.

    Attributes:
        format: Of the bytes, whatever was declared.
        width: Pixels, as displayed: after the turn that EXIF data may ask for.
        height: Pixels, as displayed.
        placeholder: A ThumbHash in base64, to paint before the picture arrives
            (https://evanw.github.io/thumbhash/).
    """

    format: ImageFormat
    width: int
    height: int
    placeholder: str


def inspect_picture(data: bytes, *, max_pixels: int = MAX_PIXELS) -> ImageInfo:
    """Decode a picture to be sure of it, and tell what it is.

    Takes a few milliseconds of processor time: call it in a thread.

    Raises:
        NotAPicture: The bytes are no JPEG, PNG, WebP or AVIF, are broken or cut off, or hold
            more than ``max_pixels``.
    """
    with opened(data, max_pixels=max_pixels) as picture:
        image_format = format_of(picture)
        width, height = picture.size
        image = decode(picture, side=_PLACEHOLDER_SIDE)
        if is_on_its_side(picture):
            width, height = height, width
    return ImageInfo(
        format=image_format, width=width, height=height, placeholder=_placeholder(image)
    )


def _placeholder(image: Image.Image) -> str:
    if image.mode not in _WELL_SCALED:
        image = to_rgba(image)
    scale = _PLACEHOLDER_SIDE / max(image.size)
    width, height = (max(1, round(side * min(1, scale))) for side in image.size)
    small = to_rgba(image.resize((width, height), reducing_gap=1.0))
    return b64encode(bytes(rgba_to_thumb_hash(width, height, small.tobytes()))).decode()
