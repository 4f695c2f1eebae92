"""Why an attempt failed, whether to retry it, and which error the caller receives.

The codes are those of https://developers.cloudflare.com/workers-ai/platform/errors/; some
that the service was seen to use beside them are marked.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Final

from gql_server.domain.errors import (
    DailyAllocationUsed,
    DomainError,
    GenerationFailed,
    ImageFlagged,
    PromptRefused,
    SkipReason,
)
from gql_server.domain.retry_after import read_retry_after
from gql_server.inference.model import Model, RequestForm
from gql_server.inference.workers_ai.error_messages import (
    Redaction,
    first_error,
    shortened,
    without_quotations,
)


class FailureCause(StrEnum):
    """What caused a failure.

    Another attempt is worthwhile if the service did, or, with another seed, the image.
    """

    CALLER = "caller"
    OPERATOR = "operator"
    SERVICE = "service"
    PROMPT = "prompt"
    PICTURE = "picture"
    ALLOCATION = "allocation"
    CREDITS = "credits"


_CAUSES: Final[Mapping[int, FailureCause]] = {
    5007: FailureCause.CALLER,
    3042: FailureCause.CALLER,
    5004: FailureCause.CALLER,
    3003: FailureCause.CALLER,
    3006: FailureCause.CALLER,
    5016: FailureCause.OPERATOR,
    5018: FailureCause.OPERATOR,
    3041: FailureCause.OPERATOR,
    5035: FailureCause.OPERATOR,
    3023: FailureCause.OPERATOR,
    5005: FailureCause.OPERATOR,
    5019: FailureCause.OPERATOR,
    10000: FailureCause.OPERATOR,
    2001: FailureCause.OPERATOR,  # seen: an AI Gateway that was not set up
    2009: FailureCause.OPERATOR,  # an AI Gateway does not accept the token, or the provider its key
    2021: FailureCause.CREDITS,  # the account has no credits left
    5006: FailureCause.CALLER,  # seen: the body does not match the model's schema
    7003: FailureCause.CALLER,  # seen: no such model of another provider
    7013: FailureCause.SERVICE,  # an AI Gateway's guardrails are down
    3007: FailureCause.SERVICE,
    3008: FailureCause.SERVICE,
    3040: FailureCause.SERVICE,
    3036: FailureCause.ALLOCATION,
    4006: FailureCause.ALLOCATION,  # seen: the words of 3036 under another number
    2016: FailureCause.PROMPT,  # an AI Gateway's guardrails blocked the prompt
}
"""Errors whose code decides; for the others the message and the status do."""

_INFERENCE_FAILED: Final = 3030
"""The model ran or tried to: a refused prompt, a flagged image, or inputs that it cannot read."""

_GUARDRAILS_BLOCKED: Final = 2017
"""An AI Gateway's guardrails, which read text alone, blocked the prompt or the answer."""

_KNOWN_CODES: Final = frozenset({*_CAUSES, _INFERENCE_FAILED, _GUARDRAILS_BLOCKED})
_OUT_OF_CAPACITY: Final = 3040

_REDIRECTS: Final = range(300, 400)
_CLIENT_ERRORS: Final = range(400, 500)
_SERVER_ERRORS: Final = range(500, 600)
_SERVICE_STATUSES: Final = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
_STATUSES_OF_REFUSALS: Final = {
    HTTPStatus.OK,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.FAILED_DEPENDENCY,
    HTTPStatus.UNAVAILABLE_FOR_LEGAL_REASONS,
}
"""With any other status, words such as "flagged" may concern the account or the service."""
_OPERATOR_STATUSES: Final = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,  # without a code of the service: the configured address is wrong
    HTTPStatus.METHOD_NOT_ALLOWED,
}

_SUCCESSES: Final = range(200, 300)
_LOST_ANSWERS: Final = {
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.GATEWAY_TIMEOUT,
    *range(520, 530),  # Cloudflare's own: it got no usable answer from the provider
}
"""With these, a proxy gave up on an answer that the model may be about to give."""

_NO_SUCH_MODEL: Final = {5007, 3042, 7003}
_NOT_FOR_ACCOUNT: Final = 5018
_TOO_LARGE: Final = 3006

_REFUSAL = re.compile(
    r"\b(nsfw|flagged|safety|moderation|moderated|content polic(y|ies)|image_safety|"
    r"prohibited_content|sensitive (content|information)|responsible ai)\b",
    re.IGNORECASE,
)
"""Refusals come under several numbers (3030, 8007 were seen), and those of other providers under
none that is documented: the words count."""

_PICTURE = re.compile(
    r"\b(output|(generated|resulting) (image|picture)|(image|picture) generated|image_safety)\b",
    re.IGNORECASE,
)
"""Says that the image is refused, and not the prompt."""


_SKIP_REASONS: Final = {
    FailureCause.SERVICE: SkipReason.OUT_OF_CAPACITY,
    FailureCause.CREDITS: SkipReason.ALLOCATION_USED,
    FailureCause.OPERATOR: SkipReason.UNAVAILABLE,
    FailureCause.CALLER: SkipReason.REFUSED,
}


class AttemptFailed(Exception):
    """One call to the service that returned no image.

    Attributes:
        cause: What caused it.
        detail: What happened, for the log.
        is_quoted: Whether the detail is the service's own words.
        status: The HTTP status, if there was a response.
        code: Cloudflare's error number, if there was one.
        retry_after: The seconds that the service asked to wait.
        may_have_run: Whether the model may have made an image, and be billed for it.
    """

    def __init__(
        self,
        cause: FailureCause,
        detail: str,
        *,
        is_quoted: bool = False,
        status: int | None = None,
        code: int | None = None,
        retry_after: float | None = None,
        may_have_run: bool = False,
    ) -> None:
        super().__init__(detail)
        self.cause = cause
        self.detail = detail
        self.is_quoted = is_quoted
        self.status = status
        self.code = code
        self.retry_after = retry_after
        self.may_have_run = may_have_run

    @property
    def is_overload(self) -> bool:
        """Whether the service receives too many requests at the moment."""
        is_busy = self.status == HTTPStatus.TOO_MANY_REQUESTS or self.code == _OUT_OF_CAPACITY
        return self.cause is FailureCause.SERVICE and is_busy


def read_error(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    redact: Redaction,
    sent: Sequence[str] = (),
) -> AttemptFailed:
    """Read from a response without an image what went wrong.

    Args:
        status: The HTTP status.
        headers: The headers, by names in any case.
        body: The body; any bytes are accepted.
        redact: Removes secrets from messages, in case the service repeats them.
        sent: The texts of the request; quotations of them are ignored.
    """
    code, message = first_error(body, redact, _KNOWN_CODES)
    return AttemptFailed(
        _cause_of(status, code, without_quotations(message, sent)),
        shortened(message) or f"HTTP status {status} without an explanation",
        is_quoted=bool(message),
        status=status,
        code=code,
        retry_after=read_retry_after(headers.get("Retry-After"), date=headers.get("Date")),
        may_have_run=_may_have_run(status, says_why=bool(message)),
    )


def _may_have_run(status: int, *, says_why: bool) -> bool:
    """Return whether the model may have finished, and be billed, although its image is lost."""
    is_success = status in _SUCCESSES
    return status in _LOST_ANSWERS or (is_success and not says_why)


def to_domain_error(
    failure: AttemptFailed, *, model: Model, seed_was_given: bool, moment: datetime
) -> DomainError:
    """Return the error that the caller receives for the failure that ended the attempts.

    Args:
        failure: The failure of the last attempt.
        model: The model that was called.
        seed_was_given: Whether the caller set the seed.
        moment: The current time; the daily allocation resets at the next midnight, UTC.
    """
    match failure.cause:
        case FailureCause.PROMPT:
            return PromptRefused()
        case FailureCause.PICTURE:
            return ImageFlagged(seed_was_given=seed_was_given)
        case FailureCause.ALLOCATION:
            tomorrow = moment + timedelta(days=1)
            return DailyAllocationUsed(tomorrow.replace(hour=0, minute=0, second=0, microsecond=0))
        case FailureCause.CREDITS:
            message = (
                "The server's provider account has no credits left. The server's operator must "
                "add some; batches continue by themselves then."
            )
        case FailureCause.OPERATOR if failure.code == _NOT_FOR_ACCOUNT and model.replaced_by:
            return GenerationFailed(
                f"The provider does not offer {model.id} to this account. Use {model.replaced_by}.",
                retryable=False,
                provider_code=failure.code,
                skip_reason=SkipReason.UNAVAILABLE,
            )
        case FailureCause.OPERATOR:
            message = (
                "The server's provider account cannot generate this image. The "
                "server's operator must fix this; the log has the details."
            )
        case FailureCause.CALLER:
            message = _caller_message(failure, model.id)
        case FailureCause.SERVICE:
            message = "The provider could not generate the image. Try again later."
    return GenerationFailed(
        message,
        retryable=failure.cause is FailureCause.SERVICE,
        provider_code=failure.code,
        needs_operator=failure.cause in {FailureCause.OPERATOR, FailureCause.CREDITS},
        skip_reason=_skip_reason(failure, model),
    )


def _skip_reason(failure: AttemptFailed, model: Model) -> SkipReason | None:
    """Return why another model may be tried; None if none may: an image may have been billed."""
    if failure.may_have_run and model.request is RequestForm.RUN:
        return None
    if failure.code in _NO_SUCH_MODEL:
        return SkipReason.DEPRECATED
    return _SKIP_REASONS.get(failure.cause)


def _caller_message(failure: AttemptFailed, model_id: str) -> str:
    if failure.code in _NO_SUCH_MODEL:
        return f"The provider does not have the model {model_id}. Choose another one."
    if failure.code == _TOO_LARGE or failure.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return "The request is too large for the provider. Use fewer or smaller source images."
    is_safe = failure.is_quoted and "://" not in failure.detail
    said = f" It says: {failure.detail}" if is_safe else ""
    return f"The provider rejected this request. Change it.{said}"


def _cause_of(status: int, code: int | None, message: str) -> FailureCause:
    known = _CAUSES.get(code) if code is not None else None
    if known is not None:
        return known
    if code == _GUARDRAILS_BLOCKED:
        is_answer = status == HTTPStatus.FAILED_DEPENDENCY
        return FailureCause.PICTURE if is_answer else FailureCause.PROMPT
    may_be_refusal = code == _INFERENCE_FAILED or status in _STATUSES_OF_REFUSALS
    if may_be_refusal and _REFUSAL.search(message):
        return FailureCause.PICTURE if _PICTURE.search(message) else FailureCause.PROMPT
    if code == _INFERENCE_FAILED and status not in _SERVER_ERRORS:
        return FailureCause.CALLER
    return _cause_of_status(status)


def _cause_of_status(status: int) -> FailureCause:
    if status == HTTPStatus.PAYMENT_REQUIRED:
        return FailureCause.CREDITS
    if status in _OPERATOR_STATUSES or status in _REDIRECTS:
        return FailureCause.OPERATOR
    if status in _SERVICE_STATUSES or status not in _CLIENT_ERRORS:
        return FailureCause.SERVICE
    return FailureCause.CALLER


def outcome_of(error: BaseException) -> str:
    """Return the outcome of a call that ended with an error, for the metrics: its cause."""
    if isinstance(error, AttemptFailed):
        return error.cause.value
    return "canceled" if isinstance(error, asyncio.CancelledError) else "error"
