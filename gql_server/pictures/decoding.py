"""Decoding: the single entrance for images of any origin.

No declaration about an image is trusted; its bytes decide.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from io import BytesIO
from typing import Final

from PIL import Image, ImageCms, ImageFile, ImageMath, UnidentifiedImageError

from gql_server.pictures.formats import RASTER_FORMATS, ImageFormat

MAX_PIXELS: Final = 64_000_000
"""Images with more pixels are refused before they are decoded."""

MAX_SIDE: Final = 16_384
"""Images with a longer side are refused before decoding: rows and filters take memory."""

MAX_RATIO: Final = 100
"""How many times as long as the other a side may be, if it is longer than ``_SMALL_SIDE``."""

_SMALL_SIDE: Final = 4096

MAX_SCANS: Final = 100
"""JPEGs with more scans are refused: each of some 40 bytes covers the whole image."""

_MARKER: Final = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])", re.DOTALL)
"""A JPEG marker; in coded data 0xFF is followed by 0 or a restart marker (ITU-T T.81, B.1.1)."""
_START_OF_SCAN: Final = 0xDA
_SCAN_MARKER: Final = bytes((0xFF, _START_OF_SCAN))
_END_OF_IMAGE: Final = 0xD9

_PILLOW_NAMES: Final = [image_format.name for image_format in RASTER_FORMATS]

_ORIENTATION_TAG: Final = 0x0112

_TO_UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""How to turn an image by the orientation of its EXIF data (EXIF 2.32, 4.6.4)."""

_ON_ITS_SIDE: Final = {5, 6, 7, 8}


_PROFILED: Final = {"L", "P", "RGB", "RGBA", "CMYK"}
_SRGB: Final = ImageCms.createProfile("sRGB")

_HEIC_BRANDS: Final = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"}


class Flaw(StrEnum):
    """Why bytes are not an image: safe to show, to follow "The image cannot be used:"."""

    EMPTY = "it is empty"
    UNKNOWN_FORMAT = "it is not a JPEG, PNG, WebP or AVIF"
    HEIC = (
        "it is a HEIC file; export it as JPEG (on the phone: Settings, Camera, "
        "Formats, Most Compatible)"
    )
    TOO_MANY_PIXELS = "it has too many pixels"
    TOO_MANY_SCANS = "it is a JPEG of more than 100 scans"
    TOO_LONG = "one of its sides is longer than 16384 pixels"
    TOO_NARROW = "one of its sides is more than 100 times as long as the other"
    BROKEN = "it is damaged or incomplete"


class NotAPicture(Exception):
    """The bytes are not an image that can be shown.

    Attributes:
        reason: What is wrong with them.
    """

    def __init__(self, reason: Flaw) -> None:
        super().__init__(reason.value)
        self.reason = reason


@contextmanager
def opened(data: bytes, *, max_pixels: int = MAX_PIXELS) -> Iterator[ImageFile.ImageFile]:
    """Open a JPEG, PNG, WebP or AVIF, recognized by its bytes; its pixels are not yet decoded.

    Do nothing in the block but read the image, with ``decode``: any error there is attributed
    to the bytes.

    Raises:
        NotAPicture: The bytes have none of these formats, are damaged or truncated, or have
            more than ``max_pixels``.
    """
    if not data:
        raise NotAPicture(Flaw.EMPTY)
    try:
        with Image.open(BytesIO(data), formats=_PILLOW_NAMES) as image:
            _check_pixels(image, max_pixels)
            if format_of(image) is ImageFormat.JPEG:
                _check_scans(data)
            yield image
    except NotAPicture:
        raise
    except UnidentifiedImageError:
        flaw = Flaw.HEIC if _is_heic(data) else Flaw.UNKNOWN_FORMAT
        raise NotAPicture(flaw) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise NotAPicture(Flaw.TOO_MANY_PIXELS) from None
    except Exception as error:  # a parser of hostile bytes can fail in any way
        raise NotAPicture(Flaw.BROKEN) from error


def decode(image: ImageFile.ImageFile, *, side: int | None = None) -> Image.Image:
    """Decode the first frame of an opened image and turn it upright.

    Args:
        image: From ``opened``, within its block.
        side: If a smaller copy is enough, the shortest side in pixels that it must keep: JPEGs
            are then decoded at a fraction of their size, in a fraction of the time.
    """
    if side is not None:
        image.draft(None, (side, side))
    image.load()
    turn = _TO_UPRIGHT.get(_orientation(image))
    return image if turn is None else image.transpose(turn)


def is_on_its_side(image: ImageFile.ImageFile) -> bool:
    """Return whether a decoded image's width is its height as displayed."""
    return _orientation(image) in _ON_ITS_SIDE


def format_of(image: ImageFile.ImageFile) -> ImageFormat:
    """Return the format of an opened image.

    Pillow calls a JPEG with a second image (a phone's depth or gain map) MPO.
    """
    name = "jpeg" if image.format == "MPO" else str(image.format).lower()
    return ImageFormat(name)


def to_rgb(image: Image.Image, *, background: str = "white") -> Image.Image:
    """Convert to RGB in sRGB, with the background in place of transparency."""
    if not image.has_transparency_data:
        return _in_srgb(_eight_bits(image), "RGB")
    layer = to_rgba(image)
    flat = Image.new("RGB", layer.size, background)
    flat.paste(layer, mask=layer.getchannel("A"))
    return flat


def to_rgba(image: Image.Image) -> Image.Image:
    """Convert to RGBA in sRGB, keeping transparency."""
    return _in_srgb(_with_alpha(_eight_bits(image)), "RGBA")


def _in_srgb(image: Image.Image, mode: str) -> Image.Image:
    """Convert an image to a mode, and its colours from their profile to sRGB."""
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in _PROFILED:
        return image.convert(mode)
    alpha = image.getchannel("A") if image.mode == "RGBA" else None
    opaque = image.convert("RGB") if image.mode in {"RGBA", "P"} else image
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        converted = ImageCms.profileToProfile(opaque, source, _SRGB, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image.convert(mode)  # an unusable profile, or one of another colour space
    assert converted is not None  # noqa: S101 - not converted in place
    if alpha is not None:
        converted.putalpha(alpha)
    return converted.convert(mode)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Scale 16-bit greys, which Pillow's conversions would cut off at 255."""
    if not image.mode.startswith("I"):
        return image
    levels = image.convert("I")
    grey = levels.point(lambda level: level * (1 / 256)).convert("L")
    transparent = image.info.get("transparency")
    if transparent is None:
        return grey
    # Compared before it is scaled: neighbouring shades may become one.
    shade = Image.new("I", levels.size, transparent)
    # Clipped to 0…255, and 0 for that one shade alone.
    distances = ImageMath.lambda_eval(lambda args: abs(args["x"] - args["y"]), x=levels, y=shade)
    grey.putalpha(distances.convert("L").point(lambda distance: 255 if distance else 0))
    return grey


def _with_alpha(image: Image.Image) -> Image.Image:
    """Turn a transparent colour into an alpha channel, which applying a profile would drop."""
    if "transparency" not in image.info or "A" in image.getbands():
        return image
    return image.convert("RGBA")


def _is_heic(data: bytes) -> bool:
    """Recognize a HEIC file by the brand of its first box (ISO/IEC 14496-12, 4.3)."""
    return data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS


def _check_pixels(image: Image.Image, max_pixels: int) -> None:
    shorter, longer = sorted(image.size)
    if shorter * longer > max_pixels:
        raise NotAPicture(Flaw.TOO_MANY_PIXELS)
    if longer > MAX_SIDE:
        raise NotAPicture(Flaw.TOO_LONG)
    if longer > _SMALL_SIDE and longer > shorter * MAX_RATIO:
        raise NotAPicture(Flaw.TOO_NARROW)


def _check_scans(data: bytes) -> None:
    # No scan goes uncounted here; other data may count too, and then a walk decides, which takes
    # as long as decoding.
    if data.count(_SCAN_MARKER) <= MAX_SCANS:
        return
    scans, position = 0, 2
    while found := _MARKER.search(data, position):
        marker, position = found[1][0], found.end()
        if marker == _END_OF_IMAGE:
            return
        scans += marker == _START_OF_SCAN
        if scans > MAX_SCANS:
            raise NotAPicture(Flaw.TOO_MANY_SCANS)
        position += max(2, int.from_bytes(data[position : position + 2]))


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except Exception:  # noqa: BLE001 - unreadable EXIF data do not spoil a readable picture
        return 1
