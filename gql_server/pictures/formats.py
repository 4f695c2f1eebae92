"""The formats of images that are accepted and delivered."""

from enum import StrEnum
from typing import Final


class ImageFormat(StrEnum):
    """An image format, by Pillow's name in lower case; SVG is none of Pillow's."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    AVIF = "avif"
    SVG = "svg"

    @property
    def content_type(self) -> str:
        """The media type, such as ``image/png``."""
        return "image/svg+xml" if self is ImageFormat.SVG else f"image/{self.value}"

    @property
    def extension(self) -> str:
        """The usual file name ending, without a dot."""
        return "jpg" if self is ImageFormat.JPEG else self.value


RASTER_FORMATS: Final[tuple[ImageFormat, ...]] = tuple(
    one for one in ImageFormat if one is not ImageFormat.SVG
)
"""What renditions are delivered in."""
