"""What is erased."""

from enum import StrEnum


class ErasureKind(StrEnum):
    """What an erasure is about."""

    IMAGES = "images"
    USER = "user"
