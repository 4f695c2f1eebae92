"""Masks as other APIs define them, turned into this server's: white is repainted."""

from io import BytesIO
from typing import Final

from PIL.Image import Image

from gql_server.pictures.decoding import decode, opened, to_rgba
from gql_server.pictures.formats import ImageFormat

_OPAQUE: Final = 255


def mask_of_transparency(data: bytes, *, max_pixels: int) -> bytes | None:
    """Return a mask that repaints what is fully transparent; None if nothing is.

    Call it in a thread.

    Args:
        data: An encoded image.
        max_pixels: How many pixels it may have.

    Returns:
        A greyscale PNG of the same size: white where the image is fully transparent, black
        elsewhere.

    Raises:
        NotAPicture: The bytes cannot be decoded, or have too many pixels.
    """
    with opened(data, max_pixels=max_pixels) as picture:
        image = decode(picture)
        if not image.has_transparency_data:
            return None
        alpha = to_rgba(image).getchannel("A")
    mask: Image = alpha.point([_OPAQUE] + [0] * _OPAQUE)
    if mask.getbbox() is None:
        return None
    target = BytesIO()
    mask.save(target, ImageFormat.PNG.name)
    return target.getvalue()
