"""Outcomes that a prompt asks a preview for, so that clients can be built for each of them.

``[preview:refuse]`` and its like, anywhere in the prompt. Models know nothing of them: there they
are plain words.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from cachetools import LRUCache

from gql_server.domain.clock import now
from gql_server.domain.errors import (
    DailyAllocationUsed,
    DomainError,
    GenerationFailed,
    ImageFlagged,
    PromptRefused,
)

MAX_SLOW_SECONDS: Final = 600
MAX_PAUSE_SECONDS: Final = 86_400
SIDES: Final = range(64, 2049)

_DIRECTIVE: Final = re.compile(r"\[preview:([^\]\s]{0,40}) *([^\]]{0,40})\]", re.IGNORECASE)
_SIZE: Final = re.compile(r"([0-9]{1,4})x([0-9]{1,4})")
_SECONDS: Final = re.compile(r"[0-9]{1,5}")
_DEFAULT_PAUSE_SECONDS: Final = 60
_MAX_REMEMBERED: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What becomes of one preview.

    Attributes:
        seconds: How long it takes beside its drawing.
        error: What it fails with after that; None: it is drawn.
        size: Its width and height, instead of the requested ones.
    """

    seconds: float = 0.0
    error: DomainError | None = None
    size: tuple[int, int] | None = None


@dataclass(slots=True)
class _Draft:
    model_id: str
    prompt: str
    seed_was_given: bool
    seconds: float = 0.0
    error: DomainError | None = None
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Reads outcomes from prompts, and remembers which prompts have failed once."""

    _failed: LRUCache[tuple[str, str, str], bool] = field(
        default_factory=lambda: LRUCache(_MAX_REMEMBERED)
    )

    def of(self, *, model_id: str, prompt: str, seed_was_given: bool = False) -> Outcome:
        """Return what becomes of a preview of this prompt; each call counts as one attempt.

        A directive that is unknown or wrongly written makes the preview fail, and says how to
        write it.
        """
        draft = _Draft(model_id, prompt, seed_was_given)
        for name, argument in _DIRECTIVE.findall(prompt):
            try:
                self._apply(draft, name.lower(), argument.strip())
            except ValueError as error:
                draft.error = GenerationFailed(str(error), retryable=False)
        return Outcome(seconds=draft.seconds, error=draft.error, size=draft.size)

    def _apply(self, draft: _Draft, name: str, argument: str) -> None:
        match name:
            case "slow":
                draft.seconds = _seconds(name, argument, limit=MAX_SLOW_SECONDS)
            case "size":
                draft.size = _size(argument)
            case "flagged":
                draft.error = ImageFlagged(seed_was_given=draft.seed_was_given)
            case "pause":
                wait = _seconds(
                    name, argument or str(_DEFAULT_PAUSE_SECONDS), limit=MAX_PAUSE_SECONDS
                )
                if self._is_first(draft, name):
                    draft.error = DailyAllocationUsed(now() + timedelta(seconds=wait))
            case "fail-once":
                if self._is_first(draft, name):
                    draft.error = GenerationFailed(
                        "The preview failed, as its prompt asks. Try again.", retryable=True
                    )
            case _:
                make_error = _ERRORS.get(name)
                if make_error is None:
                    message = f"[preview:{name}] is not known. Write one of {', '.join(EXAMPLES)}."
                    raise ValueError(message)
                draft.error = make_error()

    def _is_first(self, draft: _Draft, name: str) -> bool:
        """Return whether the prompt fails now; after a failure the next attempt succeeds."""
        key = (draft.model_id, draft.prompt, name)
        if self._failed.pop(key, False):
            return False
        self._failed[key] = True
        return True


def _seconds(name: str, argument: str, *, limit: int) -> float:
    if not _SECONDS.fullmatch(argument) or not 1 <= int(argument) <= limit:
        message = f"Write [preview:{name} 20], with 1 to {limit} seconds."
        raise ValueError(message)
    return float(argument)


def _size(argument: str) -> tuple[int, int]:
    found = _SIZE.fullmatch(argument)
    sides = tuple(int(side) for side in found.groups()) if found else ()
    if not sides or any(side not in SIDES for side in sides):
        message = (
            f"Write [preview:size 640x480], with {SIDES.start} to {SIDES.stop - 1} pixels a side."
        )
        raise ValueError(message)
    return sides[0], sides[1]


_ERRORS: Final[Mapping[str, Callable[[], DomainError]]] = {
    "refuse": PromptRefused,
    "fail": lambda: GenerationFailed("The preview failed, as its prompt asks.", retryable=False),
}

EXAMPLES: Final = (
    *(f"[preview:{name}]" for name in _ERRORS),
    "[preview:flagged]",
    "[preview:fail-once]",
    "[preview:pause]",
    "[preview:slow 20]",
    "[preview:size 640x480]",
)
"""Every directive, as it is written."""
