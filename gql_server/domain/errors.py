"""What a caller can be told went wrong, each with what to mend; ``budget_errors`` has more.

Vendor errors become these where they enter; ``api`` and ``rest`` translate these once
where they leave. A message is safe to show: it never holds a secret or an internal name.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from gql_server.domain.batches import BatchStatus
from gql_server.domain.money import decimal_dollars
from gql_server.quoting import quoted

Path = tuple[str | int, ...]
"""Where in the input the fault lies, by the input's own field names, outermost first."""


MAX_ERRORS: Final = 100
"""How many faults of one request are told; one more says that there are others."""

MAX_ID_LENGTH: Final = 256
"""Of an id that is not known no more than this is repeated."""


class ErrorCode(StrEnum):
    """What kind of fault it is, for programs."""

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
    PICTURE_FLAGGED = "PICTURE_FLAGGED"
    GENERATION_FAILED = "GENERATION_FAILED"
    GENERATION_PENDING = "GENERATION_PENDING"
    BATCH_PENDING = "BATCH_PENDING"
    DAILY_ALLOCATION_USED = "DAILY_ALLOCATION_USED"
    MAX_COST_EXCEEDED = "MAX_COST_EXCEEDED"
    BUDGET_EXCEEDED = "BUDGET_EXCEEDED"
    BUDGET_NOT_FOUND = "BUDGET_NOT_FOUND"
    BATCH_NOT_FOUND = "BATCH_NOT_FOUND"
    BATCH_CONFLICT = "BATCH_CONFLICT"
    WEBHOOK_NOT_FOUND = "WEBHOOK_NOT_FOUND"
    IDEMPOTENCY_CONFLICT = "IDEMPOTENCY_CONFLICT"
    IDEMPOTENCY_IN_PROGRESS = "IDEMPOTENCY_IN_PROGRESS"


class DomainError(Exception):
    """One fault that the caller can be told of.

    Attributes:
        message: Says what is wrong and what to mend.
        code: The kind of fault.
        path: Where in the input it lies; empty when it lies in no single field.
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
    """The caller has nothing of that id.

    Attributes:
        sought_id: The id; of a long one its beginning.
    """

    def __init__(
        self, noun: str, sought_id: str, code: ErrorCode, path: Path, *, hint: str = ""
    ) -> None:
        sought_id = sought_id[:MAX_ID_LENGTH]
        message = f"There is no {noun} {quoted(sought_id)}. {hint}".rstrip()
        super().__init__(message, code=code, path=path)
        self.sought_id = sought_id


class ModelNotFound(NotFound):
    """No model of that name is in the catalogue."""

    def __init__(self, model_id: str, *, path: Path = ("model",)) -> None:
        hint = "Query `models` for the available models."
        super().__init__("model", model_id, ErrorCode.MODEL_NOT_FOUND, path, hint=hint)
        self.model_id = self.sought_id


class TemplateNotFound(NotFound):
    """The caller has no template of that id."""

    def __init__(self, template_id: str, *, path: Path = ("template_id",)) -> None:
        hint = "It may have been deleted."
        super().__init__("template", template_id, ErrorCode.TEMPLATE_NOT_FOUND, path, hint=hint)
        self.template_id = self.sought_id


class ImageNotFound(NotFound):
    """The caller has no image or source image of that id."""

    def __init__(self, image_id: str, *, path: Path = ("id",)) -> None:
        super().__init__("image", image_id, ErrorCode.IMAGE_NOT_FOUND, path)
        self.image_id = self.sought_id


class ApiKeyNotFound(NotFound):
    """There is no API key of that id."""

    def __init__(self, key_id: str, *, path: Path = ("id",)) -> None:
        super().__init__("API key", key_id, ErrorCode.API_KEY_NOT_FOUND, path)
        self.key_id = self.sought_id


class PromptRefused(DomainError):
    """The model's safety filter refused the prompt or a source image."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(
            message or "The model refused this prompt. Reword it and try again.",
            code=ErrorCode.PROMPT_REFUSED,
            path=("prompt",),
        )


class PictureFlagged(DomainError):
    """The model's safety filter accepted the prompt, but rejected what was drawn from it.

    Attributes:
        seed_was_given: Whether the request or its template named the seed: then the same request
            always fails.
    """

    def __init__(self, *, seed_was_given: bool) -> None:
        if seed_was_given:
            message = (
                "The model's safety filter flagged the image that this seed gives. "
                "Use another seed, or none."
            )
        else:
            message = (
                "The model's safety filter flagged every image generated from this "
                "prompt, each with another seed. Try again, or change the prompt."
            )
        super().__init__(
            message,
            code=ErrorCode.PICTURE_FLAGGED,
            path=("seed",) if seed_was_given else ("prompt",),
        )
        self.seed_was_given = seed_was_given


class GenerationFailed(DomainError):
    """The picture could not be made or kept; nothing was charged.

    Attributes:
        retryable: The same request may well succeed later.
        provider_code: Cloudflare's own error number, when it gave one.
        needs_operator: No request succeeds until the server's operator has mended something.
        reached_model: False where the account's rate limit let no attempt start.
        store_failed: The store of pictures cannot be used: it does not answer, or refuses.
    """

    def __init__(
        self,
        message: str,
        *,
        retryable: bool,
        provider_code: int | None = None,
        needs_operator: bool = False,
        reached_model: bool = True,
        store_failed: bool = False,
    ) -> None:
        super().__init__(message, code=ErrorCode.GENERATION_FAILED)
        self.retryable = retryable
        self.provider_code = provider_code
        self.needs_operator = needs_operator
        self.reached_model = reached_model
        self.store_failed = store_failed


class GenerationPending(DomainError):
    """The request's deadline passed; the picture is still being made and will be kept.

    Attributes:
        image_id: The id under which the picture will appear.
    """

    def __init__(self, image_id: str) -> None:
        super().__init__(
            f"The image is still being generated. Query image {image_id} in a moment.",
            code=ErrorCode.GENERATION_PENDING,
        )
        self.image_id = image_id


class BatchPending(DomainError):
    """The request's deadline passed; the batch is still being accepted, and then worked on.

    Attributes:
        batch_id: The id under which it will appear.
    """

    def __init__(self, batch_id: str) -> None:
        super().__init__(
            f"The batch is still being accepted. Query batch {batch_id} in a moment.",
            code=ErrorCode.BATCH_PENDING,
        )
        self.batch_id = batch_id


class DailyAllocationUsed(DomainError):
    """The provider account's free neurons of the day are used up.

    Attributes:
        resets_at: When there will be neurons again.
    """

    def __init__(self, resets_at: datetime) -> None:
        super().__init__(
            (
                "The provider account has used up its free neurons for the day. They "
                f"reset at {resets_at:%Y-%m-%d %H:%M} UTC."
            ),
            code=ErrorCode.DAILY_ALLOCATION_USED,
        )
        self.resets_at = resets_at


class IdempotencyConflict(DomainError):
    """The idempotency key stands for a request with another input."""

    def __init__(self) -> None:
        super().__init__(
            (
                "This idempotency key was used with different input. Use a new key for a "
                "new request, and the same input to repeat one."
            ),
            code=ErrorCode.IDEMPOTENCY_CONFLICT,
            path=("idempotency_key",),
        )


class IdempotencyInProgress(DomainError):
    """The request's deadline passed while an earlier one with its idempotency key is worked on.

    Attributes:
        image_id: The id under which the image, source image or batch will appear.
    """

    def __init__(self, image_id: str) -> None:
        super().__init__(
            (
                "An earlier request with this idempotency key is still running. Send it "
                f"again, or query {image_id}, in a moment."
            ),
            code=ErrorCode.IDEMPOTENCY_IN_PROGRESS,
            path=("idempotency_key",),
        )
        self.image_id = image_id


class MaxCostExceeded(DomainError):
    """The request would cost more than its own limit.

    Attributes:
        cost: What it would cost, in billionths of a dollar.
        max_cost: The limit that the request names, likewise.
    """

    def __init__(self, cost: int, max_cost: int) -> None:
        super().__init__(
            (
                f"This would cost ${decimal_dollars(cost)}, more than the maximum of the "
                f"request, ${decimal_dollars(max_cost)}. Request less, or raise the "
                "maximum."
            ),
            code=ErrorCode.MAX_COST_EXCEEDED,
            path=("max_cost",),
        )
        self.cost = cost
        self.max_cost = max_cost


class BatchNotFound(NotFound):
    """The caller has no batch of that id."""

    def __init__(self, batch_id: str, *, path: Path = ("id",)) -> None:
        super().__init__("batch", batch_id, ErrorCode.BATCH_NOT_FOUND, path)
        self.batch_id = self.sought_id


class BatchConflict(DomainError):
    """What the batch is by now does not allow it.

    Attributes:
        batch_id: The batch.
        status: Where it stands.
    """

    def __init__(self, message: str, *, batch_id: str, status: BatchStatus) -> None:
        super().__init__(message, code=ErrorCode.BATCH_CONFLICT, path=("id",))
        self.batch_id = batch_id
        self.status = status


class WebhookNotFound(NotFound):
    """The caller has no webhook of that id."""

    def __init__(self, webhook_id: str, *, path: Path = ("id",)) -> None:
        super().__init__("webhook", webhook_id, ErrorCode.WEBHOOK_NOT_FOUND, path)
        self.webhook_id = self.sought_id


class Rejected(Exception):
    """A request with several faults, all of them reported at once.

    Of more than ``MAX_ERRORS`` so many are told, and that there are others.
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


class Unauthenticated(Exception):
    """Nobody is known to ask: there is no token, or one that is not good."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Forbidden(Exception):
    """Whoever asks is known, and their role may not do this."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
