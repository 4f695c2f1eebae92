"""Turns for attempts at the provider, whose account may start only so many in a minute."""

from enum import StrEnum
from typing import Protocol


class AttemptKind(StrEnum):
    """What the provider counts apart."""

    TEXT_TO_IMAGE = "text_to_image"
    IMAGE_TO_IMAGE = "image_to_image"


class AttemptGate(Protocol):
    """Gives turns; asked before every attempt, the repeated ones included."""

    async def wait_for_turn(self, kind: AttemptKind, *, is_background: bool) -> None:
        """Wait until an attempt may start, which it then must at once.

        Args:
            kind: What it counts as.
            is_background: Whether nobody waits for it: direct attempts go first.

        Raises:
            GenerationFailed: No turn came in time; no model was asked.
        """

    async def pause(self, kind: AttemptKind, seconds: float) -> None:
        """Let nobody's attempts of a kind start for a while: the provider asked for it."""


class OpenGate:
    """Lets every attempt start at once."""

    async def wait_for_turn(self, kind: AttemptKind, *, is_background: bool) -> None:
        """Return at once."""

    async def pause(self, kind: AttemptKind, seconds: float) -> None:
        """Do nothing."""
