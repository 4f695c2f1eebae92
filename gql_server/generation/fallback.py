"""Generating an image with the first model of its request that can."""

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Final

import structlog

from gql_server.domain.errors import (
    DailyAllocationUsed,
    DomainError,
    GenerationFailed,
    ImageFlagged,
)
from gql_server.domain.skipped_models import skip_reason
from gql_server.generation.produce import produce_image
from gql_server.generation.requests.validated import ValidatedRequest
from gql_server.generation.services import Services
from gql_server.inference.attempts import NoLongerNeeded, StillNeeded
from gql_server.inference.generator import CallSlot, GeneratedPicture

log = structlog.get_logger(__name__)

_MAX_MESSAGE: Final = 500


async def produce_with_fallbacks(
    services: Services,
    accepted: ValidatedRequest,
    *,
    is_background: bool = False,
    is_needed: StillNeeded | None = None,
    call_slot: CallSlot = nullcontext,
    retry_for_seconds: float = 0.0,
) -> tuple[ValidatedRequest, GeneratedPicture]:
    """Generate an image as ``produce_image`` does, with the next model where one cannot.

    Returns the image, and the request as the model that generated it received it. Once an image
    may have been billed, no other model is called.

    Raises:
        DomainError: No model could generate the image; nothing is charged. It is the error of the
            first model, or of the first whose error passes by itself.
        NoLongerNeeded: The image is no longer needed; no model generated one.
    """
    failed: list[tuple[str, DomainError]] = []
    while True:
        try:
            picture = await produce_image(
                services,
                accepted,
                is_background=is_background,
                is_needed=is_needed,
                call_slot=call_slot,
                retry_for_seconds=retry_for_seconds,
            )
        except DomainError as error:
            reason = skip_reason(error)
            if reason is None:
                raise
            failed.append((accepted.model.id, error))
            following = accepted.fallback(reason)
            if following is None:
                raise _error_of_all(failed) from error
        else:
            return accepted, picture
        log.warning(
            "model_skipped",
            image=accepted.image_id,
            model=accepted.model.id,
            reason=reason.value,
            next=following.model.id,
        )
        if is_needed is not None and not await is_needed():
            raise NoLongerNeeded
        accepted = following


def _error_of_all(failed: Sequence[tuple[str, DomainError]]) -> DomainError:
    passing = [one for one in failed if _passes(one[1])]
    model_id, error = (passing or failed)[0]
    if len(failed) > 1:
        message = (
            f"None of the {len(failed)} models generated the image. {model_id}: {error.message}"
        )
        error.message = message[:_MAX_MESSAGE]
    return error


def _passes(error: DomainError) -> bool:
    """Return whether the same request may succeed later."""
    if isinstance(error, GenerationFailed):
        return error.retryable or error.needs_operator
    if isinstance(error, ImageFlagged):
        return not error.seed_was_given  # the next seed may give another image
    return isinstance(error, DailyAllocationUsed)
