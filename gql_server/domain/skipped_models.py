"""Models that a request names and that did not generate its image, and why."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gql_server.domain.errors import (
    DailyAllocationUsed,
    DomainError,
    GenerationFailed,
    ImageFlagged,
    PromptRefused,
    SkipReason,
)

__all__ = ["MAX_MODELS", "SkipReason", "SkippedModel", "skip_reason"]

MAX_MODELS: Final = 5
"""Maximum number of models that a request names, the first included."""


@dataclass(frozen=True, slots=True)
class SkippedModel:
    """A model that a request names before the one that generated its image.

    Attributes:
        model_id: The model.
        reason: Why it did not generate the image.
    """

    model_id: str
    reason: SkipReason


def skip_reason(error: DomainError) -> SkipReason | None:
    """Return why another model may be tried after an error, or None if none may."""
    match error:
        case PromptRefused() | ImageFlagged():
            return SkipReason.REFUSED
        case DailyAllocationUsed():
            return SkipReason.ALLOCATION_USED
        case GenerationFailed():
            return error.skip_reason
    return None


def skipped_to_json(skipped: Iterable[SkippedModel]) -> list[dict[str, str]]:
    """Return skipped models as JSON."""
    return [{"model": one.model_id, "reason": one.reason.value} for one in skipped]


def skipped_from_json(written: Sequence[Mapping[str, Any]] | None) -> tuple[SkippedModel, ...]:
    """Return what ``skipped_to_json`` wrote; reasons of later versions are left out."""
    known = set(SkipReason)
    return tuple(
        SkippedModel(one["model"], SkipReason(one["reason"]))
        for one in written or ()
        if one["reason"] in known
    )
