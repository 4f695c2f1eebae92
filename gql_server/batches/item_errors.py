"""Errors of items, written to and read from the database."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gql_server.domain.clock import to_iso
from gql_server.domain.errors import (
    DailyAllocationUsed,
    DomainError,
    ErrorCode,
    GenerationFailed,
    ImageFlagged,
    ImageNotFound,
    PromptRefused,
    stored_code,
)


def error_to_json(error: DomainError) -> dict[str, Any]:
    """Return an item's error as JSON."""
    written: dict[str, Any] = {"code": error.code.value, "message": error.message}
    match error:
        case GenerationFailed():
            written |= {"retryable": error.retryable, "provider_code": error.provider_code}
        case ImageFlagged():
            written["seed_was_given"] = error.seed_was_given
        case ImageNotFound():
            written["image_id"] = error.image_id
        case DailyAllocationUsed():
            written["resets_at"] = to_iso(error.resets_at)
    return written


def error_from_json(written: Mapping[str, Any]) -> DomainError:
    """Return the error that ``error_to_json`` wrote."""
    match stored_code(written["code"]):
        case ErrorCode.PROMPT_REFUSED:
            return PromptRefused(written["message"])
        case ErrorCode.IMAGE_FLAGGED:
            return ImageFlagged(seed_was_given=written["seed_was_given"])
        case ErrorCode.IMAGE_NOT_FOUND:
            return ImageNotFound(written["image_id"], path=("source_image_ids",))
        case ErrorCode.DAILY_ALLOCATION_USED:
            return DailyAllocationUsed(datetime.fromisoformat(written["resets_at"]))
    return GenerationFailed(
        written["message"],
        retryable=written.get("retryable", False),
        provider_code=written.get("provider_code"),
    )
