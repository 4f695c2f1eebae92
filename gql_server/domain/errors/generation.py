"""Why an image was not generated."""

from datetime import datetime
from enum import StrEnum

from gql_server.domain.errors.base import DomainError, ErrorCode
from gql_server.domain.money import decimal_dollars


class SkipReason(StrEnum):
    """Why a model that a request names did not generate the image, and the next one may."""

    OUT_OF_CAPACITY = "out_of_capacity"
    ALLOCATION_USED = "allocation_used"
    DEPRECATED = "deprecated"
    REFUSED = "refused"
    UNAVAILABLE = "unavailable"
    TOO_EXPENSIVE = "too_expensive"


class PromptRefused(DomainError):
    """The model's safety filter refused the prompt or a source image."""

    def __init__(self, message: str | None = None) -> None:
        super().__init__(
            message or "The model refused this prompt. Reword it and try again.",
            code=ErrorCode.PROMPT_REFUSED,
            path=("prompt",),
        )


class ImageFlagged(DomainError):
    """The model's safety filter accepted the prompt, but rejected the image.

    Attributes:
        seed_was_given: Whether the request or its template set the seed: then the same request
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
            code=ErrorCode.IMAGE_FLAGGED,
            path=("seed",) if seed_was_given else ("prompt",),
        )
        self.seed_was_given = seed_was_given


class GenerationFailed(DomainError):
    """The image could not be generated or stored; nothing was charged.

    Attributes:
        retryable: Whether the same request may succeed later.
        provider_code: Cloudflare's own error number, if it sent one.
        needs_operator: Whether requests fail until the server's operator has fixed something.
        reached_model: False if the account's rate limit let no attempt start.
        store_failed: Whether the image store did not answer or refused.
        skip_reason: Why another model may be tried; None if none may, for instance because the
            provider may have billed an image.
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
        skip_reason: SkipReason | None = None,
    ) -> None:
        super().__init__(message, code=ErrorCode.GENERATION_FAILED)
        self.retryable = retryable
        self.provider_code = provider_code
        self.needs_operator = needs_operator
        self.reached_model = reached_model
        self.store_failed = store_failed
        self.skip_reason = skip_reason


class GenerationPending(DomainError):
    """The request's deadline passed; the image is still being generated and will be stored.

    Attributes:
        image_id: The ID that the image will have.
        waits_at_provider: Whether it was generated and cannot be fetched at the moment.
    """

    def __init__(self, image_id: str, *, waits_at_provider: bool = False) -> None:
        super().__init__(
            "The image is still being generated.",
            code=ErrorCode.GENERATION_PENDING,
        )
        self.image_id = image_id
        self.waits_at_provider = waits_at_provider


class DailyAllocationUsed(DomainError):
    """The provider account's free neurons of the day are used up.

    Attributes:
        resets_at: When neurons are available again.
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


class MaxCostExceeded(DomainError):
    """The request would cost more than its own limit.

    Attributes:
        cost: What it would cost, in billionths of a dollar.
        max_cost: The limit in the request, in billionths of a dollar.
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
