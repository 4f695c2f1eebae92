"""Whose fault a failed attempt is, whether it may be tried again, and what its caller is told.

The codes are those of https://developers.cloudflare.com/workers-ai/platform/errors/; some
that the service was seen to use beside them are marked.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Final

import orjson

from gql_server.domain.errors import (
    DailyAllocationUsed,
    DomainError,
    GenerationFailed,
    PictureFlagged,
    PromptRefused,
)
from gql_server.domain.retry_after import read_retry_after
from gql_server.inference.model import Model

Redaction = Callable[[str], str]
"""Returns a text without the secrets that it may hold."""


class Fault(StrEnum):
    """What a failure is due to.

    Another attempt is worthwhile for the service's, and for a picture's with another seed.
    """

    CALLER = "caller"
    OPERATOR = "operator"
    SERVICE = "service"
    PROMPT = "prompt"
    PICTURE = "picture"
    ALLOCATION = "allocation"
    CREDITS = "credits"


_FAULTS: Final[Mapping[int, Fault]] = {
    5007: Fault.CALLER,
    3042: Fault.CALLER,
    5004: Fault.CALLER,
    3003: Fault.CALLER,
    3006: Fault.CALLER,
    5016: Fault.OPERATOR,
    5018: Fault.OPERATOR,
    3041: Fault.OPERATOR,
    5035: Fault.OPERATOR,
    3023: Fault.OPERATOR,
    5005: Fault.OPERATOR,
    5019: Fault.OPERATOR,
    10000: Fault.OPERATOR,
    2001: Fault.OPERATOR,  # seen: an AI Gateway that was not set up
    2009: Fault.OPERATOR,  # an AI Gateway does not accept the token, or the provider its key
    2021: Fault.CREDITS,  # the account has no credits left
    5006: Fault.CALLER,  # seen: the body does not match the model's schema
    7003: Fault.CALLER,  # seen: no such model of another provider
    7013: Fault.SERVICE,  # an AI Gateway's guardrails are down
    3007: Fault.SERVICE,
    3008: Fault.SERVICE,
    3040: Fault.SERVICE,
    3036: Fault.ALLOCATION,
    4006: Fault.ALLOCATION,  # seen: the words of 3036 under another number
    2016: Fault.PROMPT,  # an AI Gateway's guardrails blocked the prompt
}
"""Errors whose code says everything; for the others the message and the status count."""

_INFERENCE_FAILED: Final = 3030
"""The model ran or tried to: a refused prompt, a flagged picture, or inputs that it cannot read."""

_GUARDRAILS_BLOCKED: Final = 2017
"""An AI Gateway's guardrails, which read text alone, blocked the prompt or the answer."""

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
"""With any other status, words such as "flagged" may speak of the account or of the service."""
_OPERATOR_STATUSES: Final = {
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,  # without a code of the service: the configured address is wrong
    HTTPStatus.METHOD_NOT_ALLOWED,
}

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
"""Says that what was drawn is refused and not what was asked for."""

_QUOTED = re.compile(r"""(?<!\w)(?:"[^"]*"|'[^']*'|`[^`]*`|“[^”]*”|\u2018[^\u2019]*\u2019)(?!\w)""")
"""What a message may repeat of the request."""

_WORD = re.compile(r"\w+")

_MIN_QUOTED_LENGTH: Final = 12
"""A prompt's beginning is recognized without quotation marks from this many characters on."""

_WRAPPING = re.compile(r"^(?:AiError:\s*)+(?:\d{4,5}:\s*)?|\s*\([0-9a-f-]{36}\)$")
"""The class name, number and request id that the service puts around its messages."""

_MAX_DETAIL_LENGTH: Final = 300
_MAX_MESSAGE_LENGTH: Final = 8192
"""A message is read to here: it may quote a long prompt before it comes to its point."""


class AttemptFailed(Exception):
    """One call to the service that brought no picture.

    Attributes:
        fault: Whose turn it is.
        detail: What happened, for the log.
        is_quoted: Whether the detail is the service's own words.
        status: The HTTP status, when there was an answer.
        code: Cloudflare's own error number, when it gave one.
        retry_after: The seconds that the service asked to be left alone for.
    """

    def __init__(
        self,
        fault: Fault,
        detail: str,
        *,
        is_quoted: bool = False,
        status: int | None = None,
        code: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.fault = fault
        self.detail = detail
        self.is_quoted = is_quoted
        self.status = status
        self.code = code
        self.retry_after = retry_after

    @property
    def asks_for_a_pause(self) -> bool:
        """Whether the service is asked too much, for the moment."""
        is_busy = self.status == HTTPStatus.TOO_MANY_REQUESTS or self.code == _OUT_OF_CAPACITY
        return self.fault is Fault.SERVICE and is_busy


def read_error(
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    *,
    redact: Redaction,
    sent: Sequence[str] = (),
) -> AttemptFailed:
    """Tell from a response without a picture what went wrong.

    Args:
        status: The HTTP status.
        headers: The response's, by names in any case.
        body: Any bytes will do.
        redact: Takes secrets out of what the service says, should it repeat them.
        sent: The texts of the request: where the service quotes one, its words say nothing.
    """
    code, message = _first_error(body, redact)
    return AttemptFailed(
        _fault_of(status, code, _without_quotations(message, sent)),
        _cut_short(message) or f"HTTP status {status} without an explanation",
        is_quoted=bool(message),
        status=status,
        code=code,
        retry_after=read_retry_after(headers.get("Retry-After"), date=headers.get("Date")),
    )


def to_domain_error(
    failure: AttemptFailed, *, model: Model, seed_was_given: bool, moment: datetime
) -> DomainError:
    """Say what the caller may know of the failure that ended the attempts.

    Args:
        failure: The last attempt's.
        model: The model that was called.
        seed_was_given: Whether the caller named the seed.
        moment: The present; the day's allocation returns at the next midnight, UTC.
    """
    match failure.fault:
        case Fault.PROMPT:
            return PromptRefused()
        case Fault.PICTURE:
            return PictureFlagged(seed_was_given=seed_was_given)
        case Fault.ALLOCATION:
            tomorrow = moment + timedelta(days=1)
            return DailyAllocationUsed(tomorrow.replace(hour=0, minute=0, second=0, microsecond=0))
        case Fault.CREDITS:
            message = (
                "The server's provider account has no credits left. The server's operator must "
                "add some; batches continue by themselves then."
            )
        case Fault.OPERATOR if failure.code == _NOT_FOR_ACCOUNT and model.replaced_by:
            return GenerationFailed(
                f"The provider does not offer {model.id} to this account. Use {model.replaced_by}.",
                retryable=False,
                provider_code=failure.code,
            )
        case Fault.OPERATOR:
            message = (
                "The server's provider account cannot generate this image. The "
                "server's operator must fix this; the log has the details."
            )
        case Fault.CALLER:
            message = _caller_message(failure, model.id)
        case Fault.SERVICE:
            message = "The provider could not generate the image. Try again later."
    return GenerationFailed(
        message,
        retryable=failure.fault is Fault.SERVICE,
        provider_code=failure.code,
        needs_operator=failure.fault in {Fault.OPERATOR, Fault.CREDITS},
    )


def _caller_message(failure: AttemptFailed, model_id: str) -> str:
    if failure.code in _NO_SUCH_MODEL:
        return f"The provider does not have the model {model_id}. Choose another one."
    if failure.code == _TOO_LARGE or failure.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return "The request is too large for the provider. Use fewer or smaller source images."
    is_safe = failure.is_quoted and "://" not in failure.detail
    said = f" It says: {failure.detail}" if is_safe else ""
    return f"The provider rejected this request. Change it.{said}"


def _fault_of(status: int, code: int | None, message: str) -> Fault:
    known = _FAULTS.get(code) if code is not None else None
    if known is not None:
        return known
    if code == _GUARDRAILS_BLOCKED:
        is_answer = status == HTTPStatus.FAILED_DEPENDENCY
        return Fault.PICTURE if is_answer else Fault.PROMPT
    may_be_refusal = code == _INFERENCE_FAILED or status in _STATUSES_OF_REFUSALS
    if may_be_refusal and _REFUSAL.search(message):
        return Fault.PICTURE if _PICTURE.search(message) else Fault.PROMPT
    if code == _INFERENCE_FAILED and status not in _SERVER_ERRORS:
        return Fault.CALLER
    return _fault_of_status(status)


def _without_quotations(message: str, sent: Sequence[str]) -> str:
    """Remove what a message repeats of the request, whole or cut short."""
    message = message.replace('\\"', '"')
    for text in (" ".join(text.split()) for text in sent):
        low, high = 0, len(text)
        while low < high:  # the longest beginning of the text that stands in the message
            middle = (low + high + 1) // 2
            low, high = (middle, high) if text[:middle] in message else (low, middle - 1)
        if low >= min(_MIN_QUOTED_LENGTH, len(text)) > 0:
            message = message.replace(text[:low], " ")
    known = {word.casefold() for text in sent for word in _WORD.findall(text)}

    def without_sent(quoted: re.Match[str]) -> str:
        words = {word.casefold() for word in _WORD.findall(quoted[0])}
        return " " if words <= known else quoted[0]

    return _QUOTED.sub(without_sent, message)


def _fault_of_status(status: int) -> Fault:
    if status == HTTPStatus.PAYMENT_REQUIRED:
        return Fault.CREDITS
    if status in _OPERATOR_STATUSES or status in _REDIRECTS:
        return Fault.OPERATOR
    if status in _SERVICE_STATUSES or status not in _CLIENT_ERRORS:
        return Fault.SERVICE
    return Fault.CALLER


def _first_error(body: bytes, redact: Redaction) -> tuple[int | None, str]:
    """Find the code and the message, preferring an error whose code is known."""
    try:
        envelope = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None, ""
    if not isinstance(envelope, dict):
        return None, ""
    found = envelope.get("errors") or envelope.get("error")  # an AI Gateway's own say "error"
    inner = envelope.get("result")
    if not found and isinstance(inner, dict):  # what another provider says of its failure
        found = inner.get("error")
    entries = found if isinstance(found, list) and found else [found]
    errors = [_code_and_message(entry, redact) for entry in entries]
    known = {*_FAULTS, _INFERENCE_FAILED, _GUARDRAILS_BLOCKED}
    return next((error for error in errors if error[0] in known), errors[0])


def _code_and_message(entry: object, redact: Redaction) -> tuple[int | None, str]:
    if isinstance(entry, str):
        return None, _cleaned(entry, redact)
    if not isinstance(entry, dict):
        return None, ""
    code, message = entry.get("code"), entry.get("message")
    if isinstance(code, str) and code.isascii() and code.isdigit():
        code = int(code[:9])
    if isinstance(code, bool) or not isinstance(code, int):
        code = None
    return code, _cleaned(message, redact) if isinstance(message, str) else ""


def _cleaned(message: str, redact: Redaction) -> str:
    printable = "".join(letter if letter.isprintable() else " " for letter in redact(message))
    plain = _WRAPPING.sub("", " ".join(printable.split()))
    return plain[:_MAX_MESSAGE_LENGTH]


def _cut_short(message: str) -> str:
    is_short = len(message) <= _MAX_DETAIL_LENGTH
    return message if is_short else f"{message[:_MAX_DETAIL_LENGTH]}…"
