"""Format, size and placeholder of an image, from one decode of its bytes."""

from base64 import b64encode
from dataclasses import dataclass
from typing import Final

from fast_thumbhash import rgba_to_thumb_hash  # type: ignore[import-untyped] # ships no types
from PIL import Image

from gql_server.pictures.decoding import (
    MAX_PIXELS,
    NotAPicture,
    decode,
    format_of,
    is_on_its_side,
    opened,
    to_rgba,
)
from gql_server.pictures.formats import ImageFormat
from gql_server.pictures.svg import drawn, is_svg, svg_size

_PLACEHOLDER_SIDE: Final = 32
"""ThumbHash keeps seven waves along a side and accepts at most 100 pixels; these are enough."""

_WELL_SCALED: Final = {"L", "RGB", "RGBA", "CMYK"}
"""Modes that scale smoothly before they are converted, which is faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageInfo:
    """Properties of an image, read from its bytes.

    Attributes:
        format: Of the bytes, whatever was declared.
        width: Pixels, as displayed: after the rotation that EXIF data may request.
        height: Pixels, as displayed.
        placeholder: A ThumbHash in base64, shown until the image is loaded
            (https://evanw.github.io/thumbhash/).
    """

    format: ImageFormat
    width: int
    height: int
    placeholder: str


def inspect_picture(
    data: bytes, *, max_pixels: int = MAX_PIXELS, allow_svg: bool = False
) -> ImageInfo:
    """Decode an image to verify it, and return its properties.

    Takes a few milliseconds of processor time: call it in a thread.

    Args:
        data: The bytes.
        max_pixels: How many pixels they may have at most.
        allow_svg: Whether they may be an SVG.

    Raises:
        NotAPicture: The bytes are not a JPEG, PNG, WebP or AVIF, are damaged or truncated, or
            have more than ``max_pixels``.
    """
    if allow_svg and is_svg(data):
        width, height = svg_size(data)
        image = _svg_preview(data, max(1, round(_PLACEHOLDER_SIDE * min(1, width / height))))
        return ImageInfo(
            format=ImageFormat.SVG, width=width, height=height, placeholder=_placeholder(image)
        )
    with opened(data, max_pixels=max_pixels) as picture:
        image_format = format_of(picture)
        width, height = picture.size
        image = decode(picture, side=_PLACEHOLDER_SIDE)
        if is_on_its_side(picture):
            width, height = height, width
    return ImageInfo(
        format=image_format, width=width, height=height, placeholder=_placeholder(image)
    )


def _svg_preview(data: bytes, width: int) -> Image.Image:
    try:
        return drawn(data, width=width)
    except NotAPicture:
        # The image is paid for, and a browser may well show it.
        return Image.new("RGBA", (_PLACEHOLDER_SIDE, _PLACEHOLDER_SIDE), "#808080")


def _placeholder(image: Image.Image) -> str:
    if image.mode not in _WELL_SCALED:
        image = to_rgba(image)
    scale = _PLACEHOLDER_SIDE / max(image.size)
    width, height = (max(1, round(side * min(1, scale))) for side in image.size)
    small = to_rgba(image.resize((width, height), reducing_gap=1.0))
    return b64encode(bytes(rgba_to_thumb_hash(width, height, small.tobytes()))).decode()
