"""Errors about idempotency keys."""

from gql_server.domain.errors.base import DomainError, ErrorCode


class IdempotencyConflict(DomainError):
    """The idempotency key was used for a request with other input."""

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
    """The request's deadline passed while an earlier one with its idempotency key was running.

    Attributes:
        image_id: The ID that the image, source image or batch will have.
    """

    def __init__(self, image_id: str) -> None:
        super().__init__(
            "An earlier request with this idempotency key is still running.",
            code=ErrorCode.IDEMPOTENCY_IN_PROGRESS,
            path=("idempotency_key",),
        )
        self.image_id = image_id


class ImagePurged(DomainError):
    """The image that an earlier request with the idempotency key generated was purged.

    Attributes:
        image_id: The ID that the image had.
    """

    def __init__(self, image_id: str) -> None:
        super().__init__(
            (
                "The image of the earlier request with this idempotency key was purged. Nothing "
                "was generated or charged now. Use a new key to generate another image."
            ),
            code=ErrorCode.IMAGE_PURGED,
            path=("idempotency_key",),
        )
        self.image_id = image_id
