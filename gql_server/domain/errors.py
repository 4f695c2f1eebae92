"""Everything that a caller can be told went wrong, each with what to mend.

Vendor errors become these where they enter; ``api`` and ``rest`` translate these once
where they leave. A message is safe to show: it never holds a secret or an internal name.
"""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

from gql_server.domain.batches import BatchStatus
from gql_server.domain.budgets import BudgetScope
from gql_server.domain.money import decimal_dollars

Path = tuple[str | int, ...]
"""Where in the input the fault lies, by the input's own field names, outermost first."""


MAX_FAULTS: Final = 100
"""How many faults of one request are told; one more says that there are others."""

LONGEST_ID: Final = 256
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


class ModelNotFound(DomainError):
    """No model of that name is in the catalogue."""

    def __init__(self, model_id: str, *, path: Path = ("model",)) -> None:
        model_id = model_id[:LONGEST_ID]
        super().__init__(
            f"There is no model {model_id!r}. The field models lists those there are.",
            code=ErrorCode.MODEL_NOT_FOUND,
            path=path,
        )
        self.model_id = model_id


class TemplateNotFound(DomainError):
    """The caller has no template of that id."""

    def __init__(self, template_id: str, *, path: Path = ("template_id",)) -> None:
        template_id = template_id[:LONGEST_ID]
        super().__init__(
            f"There is no template {template_id!r}. It may have been deleted.",
            code=ErrorCode.TEMPLATE_NOT_FOUND,
            path=path,
        )
        self.template_id = template_id


class ImageNotFound(DomainError):
    """The caller has no image or source image of that id."""

    def __init__(self, image_id: str, *, path: Path = ("id",)) -> None:
        image_id = image_id[:LONGEST_ID]
        super().__init__(
            f"There is no image {image_id!r}.", code=ErrorCode.IMAGE_NOT_FOUND, path=path
        )
        self.image_id = image_id


class ApiKeyNotFound(DomainError):
    """There is no API key of that id."""

    def __init__(self, key_id: str, *, path: Path = ("id",)) -> None:
        key_id = key_id[:LONGEST_ID]
        super().__init__(
            f"There is no API key {key_id!r}.", code=ErrorCode.API_KEY_NOT_FOUND, path=path
        )
        self.key_id = key_id


class PromptRefused(DomainError):
    """The model's safety filter refused the prompt or a source image."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(
            message or "The model refused this prompt. Word it differently and try again.",
            code=ErrorCode.PROMPT_REFUSED,
            path=("prompt",),
        )


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
            f"The picture is still being made. Ask for image {image_id} in a little while.",
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
            f"The batch is still being accepted. Ask for batch {batch_id} in a little while.",
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
            "The provider account has used up its free neurons of the day. "
            f"They are renewed at {resets_at:%Y-%m-%d %H:%M} UTC.",
            code=ErrorCode.DAILY_ALLOCATION_USED,
        )
        self.resets_at = resets_at


class IdempotencyConflict(DomainError):
    """The idempotency key stands for a request with another input."""

    def __init__(self) -> None:
        super().__init__(
            "This idempotency key was used for another input. Choose a new key for a new request, "
            "and send the same input again to try one again.",
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
            "An earlier request with this idempotency key is still being worked on. Send it "
            f"again, or ask for {image_id}, in a little while.",
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
            f"This would cost ${decimal_dollars(cost)}, more than the request allows: "
            f"${decimal_dollars(max_cost)}. Ask for less, or allow more.",
            code=ErrorCode.MAX_COST_EXCEEDED,
            path=("max_cost",),
        )
        self.cost = cost
        self.max_cost = max_cost


class BudgetExceeded(DomainError):
    """A hard budget does not hold what the request would cost.

    Money is in billionths of a dollar. What others spend from the server's budget is not for
    everybody: the message leaves its figures out.

    Attributes:
        detailed_message: The message with all figures, for those who may know them.
        scope: Whose budget it is.
        limit: What may be spent in its period.
        spent: What was charged in the period.
        reserved: What is held for work in flight.
        needed: What the request would cost.
        resets_at: When the next period starts.
    """

    def __init__(
        self,
        *,
        scope: BudgetScope,
        limit: int,
        spent: int,
        reserved: int,
        needed: int,
        resets_at: datetime,
    ) -> None:
        whose = {
            BudgetScope.SERVER: "The server's budget",
            BudgetScope.USER: "The user's budget",
            BudgetScope.KEY: "The API key's budget",
        }[scope]
        missing = needed - (limit - spent - reserved)
        self.detailed_message = (
            f"{whose} of ${decimal_dollars(limit)} has ${decimal_dollars(spent)} spent and "
            f"${decimal_dollars(reserved)} held for pictures in the making; this would cost "
            f"${decimal_dollars(needed)}, so ${decimal_dollars(missing)} are missing. "
            f"It starts anew at {resets_at:%Y-%m-%d %H:%M} UTC."
        )
        discreet_message = (
            f"{whose} does not hold what this would cost, ${decimal_dollars(needed)}. It starts "
            f"anew at {resets_at:%Y-%m-%d %H:%M} UTC; an admin of the server can say more."
        )
        super().__init__(
            discreet_message if scope is BudgetScope.SERVER else self.detailed_message,
            code=ErrorCode.BUDGET_EXCEEDED,
        )
        self.scope = scope
        self.limit = limit
        self.spent = spent
        self.reserved = reserved
        self.needed = needed
        self.resets_at = resets_at


class BudgetNotFound(DomainError):
    """There is no budget of that id."""

    def __init__(self, budget_id: str, *, path: Path = ("id",)) -> None:
        budget_id = budget_id[:LONGEST_ID]
        super().__init__(
            f"There is no budget {budget_id!r}. It may have been removed.",
            code=ErrorCode.BUDGET_NOT_FOUND,
            path=path,
        )
        self.budget_id = budget_id


class BatchNotFound(DomainError):
    """The caller has no batch of that id."""

    def __init__(self, batch_id: str, *, path: Path = ("id",)) -> None:
        batch_id = batch_id[:LONGEST_ID]
        super().__init__(
            f"There is no batch {batch_id!r}.", code=ErrorCode.BATCH_NOT_FOUND, path=path
        )
        self.batch_id = batch_id


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


class WebhookNotFound(DomainError):
    """The caller has no webhook of that id."""

    def __init__(self, webhook_id: str, *, path: Path = ("id",)) -> None:
        webhook_id = webhook_id[:LONGEST_ID]
        super().__init__(
            f"There is no webhook {webhook_id!r}.", code=ErrorCode.WEBHOOK_NOT_FOUND, path=path
        )
        self.webhook_id = webhook_id


class Rejected(Exception):
    """A request with several faults, all of them reported at once.

    Of more than ``MAX_FAULTS`` so many are told, and that there are others.
    """

    def __init__(self, errors: Sequence[DomainError]) -> None:
        if len(errors) > MAX_FAULTS:
            others = InvalidInput(
                f"There are more faults than these {MAX_FAULTS}. Mend them, and send it again.",
                code=ErrorCode.TOO_MANY,
            )
            errors = [*errors[:MAX_FAULTS], others]
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
