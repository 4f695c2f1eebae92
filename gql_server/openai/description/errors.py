"""What the error statuses mean, for the description."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, NamedTuple

from gql_server.openai.errors.problem import ErrorType


class DescribedError(NamedTuple):
    """An error status: its meaning, and the type and code that it most often has."""

    description: str
    type: ErrorType
    code: str


ERRORS: Final[Mapping[HTTPStatus, DescribedError]] = {
    HTTPStatus.BAD_REQUEST: DescribedError(
        "A parameter is missing, unknown or invalid, or the model's filter refused the "
        "request. Nothing was charged.",
        ErrorType.INVALID_REQUEST,
        "invalid_value",
    ),
    HTTPStatus.UNAUTHORIZED: DescribedError(
        "The API key is missing or invalid.",
        ErrorType.INVALID_REQUEST,
        "invalid_api_key",
    ),
    HTTPStatus.FORBIDDEN: DescribedError(
        "The API key's role does not permit this. Or, as plain text, the client's address is "
        "not allowed.",
        ErrorType.INVALID_REQUEST,
        "insufficient_permissions",
    ),
    HTTPStatus.NOT_FOUND: DescribedError(
        "There is no such model, or no image with a `file_id` belongs to the caller.",
        ErrorType.INVALID_REQUEST,
        "model_not_found",
    ),
    HTTPStatus.REQUEST_TIMEOUT: DescribedError(
        "The body took too long to arrive.",
        ErrorType.INVALID_REQUEST,
        "request_timeout",
    ),
    HTTPStatus.CONFLICT: DescribedError(
        "An earlier request with this Idempotency-Key is still running.",
        ErrorType.INVALID_REQUEST,
        "idempotency_in_progress",
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: DescribedError(
        "The body is larger than the server accepts.",
        ErrorType.INVALID_REQUEST,
        "request_too_large",
    ),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: DescribedError(
        "The body's media type is not supported by this operation.",
        ErrorType.INVALID_REQUEST,
        "unsupported_content_type",
    ),
    HTTPStatus.MISDIRECTED_REQUEST: DescribedError(
        "The server does not serve the requested host name.",
        ErrorType.INVALID_REQUEST,
        "host_not_allowed",
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: DescribedError(
        "The Idempotency-Key was used for a request with different input.",
        ErrorType.INVALID_REQUEST,
        "idempotency_key_reused",
    ),
    HTTPStatus.TOO_MANY_REQUESTS: DescribedError(
        "A budget does not suffice (`insufficient_quota`), or the caller's or the provider's "
        "rate limit is reached (`rate_limit_exceeded`). Nothing was charged.",
        ErrorType.INSUFFICIENT_QUOTA,
        "insufficient_quota",
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: DescribedError(
        "The image could not be generated or stored, or an unexpected error occurred. "
        "`x-should-retry` says whether the same request may succeed later.",
        ErrorType.SERVER,
        "image_generation_failed",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: DescribedError(
        "The database is unavailable, or the provider account has no free neurons left today."
        " A server at its connection limit also returns this status, in GraphQL's form.",
        ErrorType.SERVER,
        "unavailable",
    ),
    HTTPStatus.GATEWAY_TIMEOUT: DescribedError(
        "The image is not ready when the request's deadline passes. It will be stored and "
        "charged; with an Idempotency-Key, the same request returns it.",
        ErrorType.SERVER,
        "generation_pending",
    ),
}
