"""What an image was generated from."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class RequestKind(StrEnum):
    """What a model was given to generate an image."""

    TEXT_TO_IMAGE = "text_to_image"
    IMAGE_TO_IMAGE = "image_to_image"
    INPAINTING = "inpainting"


class SourceRole(StrEnum):
    """What an image was for the image that was generated from it."""

    SOURCE = "source"
    MASK = "mask"


@dataclass(frozen=True, slots=True)
class Lineage:
    """The images that an image was generated from.

    Attributes:
        source_ids: IDs of the source images, in the order of the request.
        mask_id: ID of the mask.
    """

    source_ids: Sequence[str] = ()
    mask_id: str | None = None

    @property
    def kind(self) -> RequestKind:
        """What the model was given."""
        if self.mask_id is not None:
            return RequestKind.INPAINTING
        return RequestKind.IMAGE_TO_IMAGE if self.source_ids else RequestKind.TEXT_TO_IMAGE


NO_SOURCES: Final = Lineage()
"""The lineage of an image that was generated from its prompt alone."""
