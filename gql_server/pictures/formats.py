"""The formats of images that are accepted and delivered."""

from enum import StrEnum


class ImageFormat(StrEnum):
    """An image format, by Pillow's name in lower case."""

    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    AVIF = "avif"

    @property
    def content_type(self) -> str:
        """The media type, such as ``image/png``."""
        return f"image/{self.value}"

    @property
    def extension(self) -> str:
        """The usual file name ending, without a dot."""
        return "jpg" if self is ImageFormat.JPEG else self.value
