"""The log lines of failed attempts."""

import structlog

from gql_server.inference.workers_ai.errors import AttemptFailed, FailureCause

log = structlog.get_logger(__name__)


def log_retry(failure: AttemptFailed, model_id: str, attempt: int, *, wait_seconds: float) -> None:
    """Log a failure that is followed by another attempt."""
    fields = _log_fields(failure, model_id, attempt)
    log.warning("workers_ai_retry", wait_seconds=round(wait_seconds, 3), **fields)


def log_failure(failure: AttemptFailed, model_id: str, attempts: int) -> None:
    """Log the failure that ends the attempts."""
    log_fields = _log_fields(failure, model_id, attempts)
    match failure.cause:
        case FailureCause.PROMPT:
            log.info("workers_ai_prompt_refused", **log_fields)
        case FailureCause.PICTURE:
            log.info("workers_ai_image_flagged", **log_fields)
        case FailureCause.CALLER:
            log.warning("workers_ai_request_refused", **log_fields)
        case FailureCause.SERVICE:
            log.warning("workers_ai_gave_up", **log_fields)
        case FailureCause.ALLOCATION:
            log.error("workers_ai_daily_allocation_used", **log_fields)
        case FailureCause.CREDITS:
            log.error("workers_ai_no_credits", **log_fields)
        case FailureCause.OPERATOR:
            log.error("workers_ai_operator_error", **log_fields)


def _log_fields(
    failure: AttemptFailed, model_id: str, attempt: int
) -> dict[str, str | float | None]:
    return {
        "model": model_id,
        "attempt": attempt,
        "status": failure.status,
        "code": failure.code,
        "detail": failure.detail,
        "retry_after_seconds": failure.retry_after,
    }
