"""Files of images and uploads that are not where their rows say."""

from datetime import datetime
from enum import Enum
from typing import NamedTuple


class Place(Enum):
    """Where the file of an image belongs."""

    KEY = "key"
    """Under its key, where its URL finds it."""
    HIDDEN = "hidden"
    """Under a hidden key, because the image is deleted."""
    NOWHERE = "nowhere"
    """It is erased, because the image is purged."""


class ImageFile(NamedTuple):
    """The file of an image, and what its row says about it."""

    id: str
    storage_key: str
    withheld_key: str | None
    deleted_at: datetime | None
    purged_at: datetime | None

    @property
    def place(self) -> Place:
        """Where the file belongs."""
        if self.purged_at is not None:
            return Place.NOWHERE
        return Place.KEY if self.deleted_at is None else Place.HIDDEN


class UploadFile(NamedTuple):
    """The file of an upload that is deleted."""

    id: str
    storage_key: str
