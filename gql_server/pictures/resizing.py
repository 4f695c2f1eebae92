"""Resizing: renditions for delivery, and inputs in the sizes that models accept.

Everything here is processor-bound: call it in a thread. Each function raises NotAPicture for
bytes that are not a JPEG, PNG, WebP or AVIF, are damaged or truncated, or have too many pixels.
Images are turned upright by their EXIF data; encoded images have no metadata.
"""

from io import BytesIO
from typing import Any, Final

from PIL import Image, ImageOps

from gql_server.pictures.decoding import (
    decode,
    format_of,
    is_on_its_side,
    opened,
    to_rgb,
    to_rgba,
)
from gql_server.pictures.formats import RASTER_FORMATS, ImageFormat
from gql_server.pictures.svg import drawn, is_svg, svg_size

_SAVE_OPTIONS: Final[dict[ImageFormat, dict[str, Any]]] = {
    ImageFormat.JPEG: {"quality": 85, "progressive": True},
    ImageFormat.PNG: {"compress_level": 6},
    ImageFormat.WEBP: {"quality": 82, "method": 4},
    ImageFormat.AVIF: {"quality": 65, "speed": 8},
}

_MAX_SIDE: Final = {
    ImageFormat.JPEG: 65_500,
    ImageFormat.PNG: 2**31 - 1,
    ImageFormat.WEBP: 16_383,
    ImageFormat.AVIF: 65_535,
}
"""Maximum pixels along a side that each format's encoder accepts."""

_REDUCIBLE: Final = {"L", "LA", "RGB", "RGBA", "CMYK"}

_HEADROOM: Final = 2
"""JPEGs are decoded this much larger than needed, so that the final scaling stays sharp."""


def render(
    data: bytes,
    *,
    width: int | None,
    format: ImageFormat | None = None,  # noqa: A002 - public name
) -> tuple[bytes, ImageFormat]:
    """Make a rendition for delivery.

    Args:
        data: An encoded image.
        width: Pixels, 1 or more, to scale down to, keeping the aspect ratio; images are never
            enlarged. None keeps the size.
        format: The format to convert to; transparency becomes white in a JPEG. None keeps the
            format.

    Returns:
        The encoded rendition and its format: the same bytes if nothing had to change.

    Raises:
        NotAPicture: The bytes cannot be decoded.
    """
    if is_svg(data):
        return _render_svg(data, width=width, image_format=format)
    with opened(data) as picture:
        target_format = format or format_of(picture)
        is_converted = target_format is not format_of(picture)
        full = picture.size[::-1] if is_on_its_side(picture) else picture.size
        max_side = _MAX_SIDE[target_format]
        size = _scaled_down(full, min(width or max_side, max_side), max_side)
        image = decode(picture, side=min(size) * _HEADROOM)
        profile = picture.info.get("icc_profile") if picture.mode in {"P", "RGB", "RGBA"} else None
    if size == full and not is_converted:
        return data, target_format
    keeps_transparency = image.has_transparency_data and target_format is not ImageFormat.JPEG
    if profile is not None:
        # The profile is kept with the rendition: its numbers must not be converted as well.
        image.info.pop("icc_profile", None)
    image = to_rgba(image) if keeps_transparency else to_rgb(image)
    image = image.resize(size, Image.Resampling.LANCZOS)
    return _encode(image, target_format, icc_profile=profile), target_format


def fit_source(data: bytes, *, width: int, height: int) -> bytes:
    """Resize a source image to exactly ``width`` by ``height``, cropped about its centre.

    Returns:
        An RGB PNG, white where it was transparent.

    Raises:
        NotAPicture: The bytes cannot be decoded.
    """
    image = to_rgb(_read(data, side=max(width, height)))
    return _encode(_cover(image, (width, height)), ImageFormat.PNG)


def fit_within(data: bytes, *, max_width: int, max_height: int) -> bytes:
    """Scale a reference image down to fit into a box, keeping its aspect ratio.

    Returns:
        An RGB PNG, white where it was transparent; in its own size if that fits.

    Raises:
        NotAPicture: The bytes cannot be decoded.
    """
    image = to_rgb(_read(data, side=max(max_width, max_height)))
    size = _scaled_down(image.size, max_width, max_height)
    return _encode(image.resize(size, Image.Resampling.LANCZOS), ImageFormat.PNG)


def fit_upload(data: bytes, *, max_side: int) -> bytes:
    """Scale an uploaded image down to fit into a square, keeping its aspect ratio.

    Returns:
        A PNG in sRGB; RGBA if something is transparent, otherwise RGB.

    Raises:
        NotAPicture: The bytes cannot be decoded.
    """
    picture = _reduced(_read(data, side=max_side), max_side)
    image = to_rgba(picture) if picture.has_transparency_data else to_rgb(picture)
    size = _scaled_down(image.size, max_side, max_side)
    return _encode(image.resize(size, Image.Resampling.LANCZOS), ImageFormat.PNG)


def fit_mask(data: bytes, *, width: int, height: int) -> bytes:
    """Resize a mask to exactly ``width`` by ``height``, cropped as ``fit_source`` crops its image.

    Returns:
        A greyscale PNG (mode L); transparent parts become black, which means kept.

    Raises:
        NotAPicture: The bytes cannot be decoded.
    """
    image = to_rgb(_read(data, side=max(width, height)), background="black").convert("L")
    return _encode(_cover(image, (width, height)), ImageFormat.PNG)


def _render_svg(
    data: bytes, *, width: int | None, image_format: ImageFormat | None
) -> tuple[bytes, ImageFormat]:
    if width is None and image_format in {None, ImageFormat.SVG}:
        return data, ImageFormat.SVG
    target = image_format if image_format in RASTER_FORMATS else ImageFormat.PNG
    assert target is not None  # noqa: S101 - None is no raster format
    own_width, _ = svg_size(data)
    image = drawn(data, width=min(width or own_width, own_width))
    return _encode(to_rgb(image) if target is ImageFormat.JPEG else image, target), target


def _read(data: bytes, *, side: int) -> Image.Image:
    if is_svg(data):
        return drawn(data)
    with opened(data) as picture:
        return decode(picture, side=side * _HEADROOM)


def _reduced(image: Image.Image, side: int) -> Image.Image:
    """Shrink an image that is far too large, before conversions copy it."""
    factor = max(image.size) // side
    if factor < _HEADROOM or image.mode not in _REDUCIBLE or "transparency" in image.info:
        return image
    profile = image.info.get("icc_profile")
    small = image.reduce(factor)
    if profile is not None:
        small.info["icc_profile"] = profile
    return small


def _cover(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    return ImageOps.fit(image, size, Image.Resampling.LANCZOS)


def _scaled_down(size: tuple[int, int], max_width: int, max_height: int) -> tuple[int, int]:
    scale = min(1.0, max_width / size[0], max_height / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _encode(
    image: Image.Image, image_format: ImageFormat, *, icc_profile: bytes | None = None
) -> bytes:
    image.info.clear()
    out = BytesIO()
    image.save(out, image_format.name, icc_profile=icc_profile, **_SAVE_OPTIONS[image_format])
    return out.getvalue()
