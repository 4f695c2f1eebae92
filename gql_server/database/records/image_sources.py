"""What images were generated from, as it is read."""

from typing import NamedTuple


class ImageSourceRecord(NamedTuple):
    """An image or upload that an image was generated from."""

    image_id: str
    position: int
    source_id: str
    role: str
