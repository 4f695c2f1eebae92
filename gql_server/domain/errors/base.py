"""What every error has: a code, a message and the place in the input."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from gql_server.quoting import quoted

Path = tuple[str | int, ...]
"""Where in the input the error is, by the input's own field names, outermost first."""


MAX_ERRORS: Final = 100
"""Maximum number of errors reported for one request; one more says that there are others."""

MAX_ID_LENGTH: Final = 256
"""Unknown IDs are quoted in messages up to this length."""


class ErrorCode(StrEnum):
    """The kind of an error, for programs."""

    REQUIRED = "REQUIRED"
    TOO_SHORT = "TOO_SHORT"
    TOO_LONG = "TOO_LONG"
    TOO_MANY = "TOO_MANY"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    NOT_A_MULTIPLE = "NOT_A_MULTIPLE"
    NOT_SUPPORTED = "NOT_SUPPORTED"
    INVALID = "INVALID"
    MODEL_NOT_FOUND = "MODEL_NOT_FOUND"
    TEMPLATE_NOT_FOUND = "TEMPLATE_NOT_FOUND"
    IMAGE_NOT_FOUND = "IMAGE_NOT_FOUND"
    API_KEY_NOT_FOUND = "API_KEY_NOT_FOUND"
    PROMPT_REFUSED = "PROMPT_REFUSED"
    IMAGE_FLAGGED = "IMAGE_FLAGGED"
    GENERATION_FAILED = "GENERATION_FAILED"
    GENERATION_PENDING = "GENERATION_PENDING"
    BATCH_PENDING = "BATCH_PENDING"
    MAX_COST_EXCEEDED = "MAX_COST_EXCEEDED"
    BUDGET_EXCEEDED = "BUDGET_EXCEEDED"
    BUDGET_NOT_FOUND = "BUDGET_NOT_FOUND"
    BATCH_NOT_FOUND = "BATCH_NOT_FOUND"
    BATCH_CONFLICT = "BATCH_CONFLICT"
    QUEUE_FULL = "QUEUE_FULL"
    GENERATION_NOT_FOUND = "GENERATION_NOT_FOUND"
    WEBHOOK_NOT_FOUND = "WEBHOOK_NOT_FOUND"
    DAILY_ALLOCATION_USED = "DAILY_ALLOCATION_USED"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    IDEMPOTENCY_IN_PROGRESS = "IDEMPOTENCY_IN_PROGRESS"
    IMAGE_PURGED = "IMAGE_PURGED"


_FORMER: Final = {"PICTURE_FLAGGED": ErrorCode.IMAGE_FLAGGED}


def stored_code(code: str) -> str:
    """Return the code of a stored error, which another release may have written."""
    return _FORMER.get(code, code)


class DomainError(Exception):
    """An error that is reported to the caller.

    Attributes:
        message: What is wrong and how to fix it.
        code: The kind of error.
        path: Where in the input it is; empty if it concerns no single field.
    """

    def __init__(self, message: str, *, code: ErrorCode, path: Path = ()) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.path = path


class InvalidInput(DomainError):
    """A field of the input is missing, malformed, out of range or not supported."""

    def __init__(
        self, message: str, *, path: Path = (), code: ErrorCode = ErrorCode.INVALID
    ) -> None:
        super().__init__(message, code=code, path=path)


class NotFound(DomainError):
    """The caller has no object with this ID.

    Attributes:
        noun: The kind of object, such as ``template``.
        sought_id: The ID, shortened if it is long.
    """

    def __init__(
        self, noun: str, sought_id: str, code: ErrorCode, path: Path, *, hint: str = ""
    ) -> None:
        sought_id = sought_id[:MAX_ID_LENGTH]
        message = f"There is no {noun} {quoted(sought_id)}. {hint}".rstrip()
        super().__init__(message, code=code, path=path)
        self.noun = noun
        self.sought_id = sought_id


class Rejected(Exception):
    """A request with several errors, all reported together.

    Beyond ``MAX_ERRORS`` they are cut off, with a last error that says so.
    """

    def __init__(self, errors: Sequence[DomainError]) -> None:
        if len(errors) > MAX_ERRORS:
            others = InvalidInput(
                (
                    f"There are more errors than these {MAX_ERRORS}. Fix them and send "
                    "the request again."
                ),
                code=ErrorCode.TOO_MANY,
            )
            errors = [*errors[:MAX_ERRORS], others]
        super().__init__("; ".join(error.message for error in errors))
        self.errors = tuple(errors)
