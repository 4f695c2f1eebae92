"""What the marks in an image file say."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SOURCE_TYPES: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
"""The IPTC vocabulary of digital source types."""


class SourceType(StrEnum):
    """How an image was made, by the names of the IPTC vocabulary."""

    GENERATED = "trainedAlgorithmicMedia"
    EDITED = "compositeWithTrainedAlgorithmicMedia"
    DRAWN = "algorithmicMedia"

    @property
    def url(self) -> str:
        """The URL that files contain."""
        return f"{SOURCE_TYPES}{self.value}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What to write into a file.

    Attributes:
        source_type: URL of the IPTC digital source type.
        software: Name and version of the server.
        model: The model that made the image.
        prompt: The prompt and its seed, as text; None: not written.
    """

    source_type: str
    software: str | None
    model: str | None
    prompt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What a file says.

    Attributes:
        source_type: URL of the IPTC digital source type.
        software: The program that made the file.
        model: The AI system that made the image.
        has_prompt: Whether the file contains the prompt.
        has_manifest: Whether the file has a C2PA manifest; whether it is valid was not checked.
    """

    source_type: str | None = None
    software: str | None = None
    model: str | None = None
    has_prompt: bool = False
    has_manifest: bool = False

    @property
    def are_there(self) -> bool:
        """Whether the file says how the image was made."""
        return self.source_type is not None or self.has_manifest


@dataclass(frozen=True, slots=True)
class Embedded:
    """The metadata in a file that marks are read from.

    Attributes:
        xmp: The XMP packet, or what of the file contains it.
        has_manifest: Whether there is a C2PA manifest.
    """

    xmp: bytes | None = None
    has_manifest: bool = False


class Unmarkable(Exception):
    """A file has no place for a mark, or is not built as its format says."""
