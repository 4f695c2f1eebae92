"""Operations that run once for an idempotency key: protocol, keys, input hashes, errors."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Generic, Protocol, TypeVar

from gql_server.database.queries.idempotency_keys import KeyScope
from gql_server.domain.errors import (
    DomainError,
    ErrorCode,
    GenerationFailed,
    ImageFlagged,
    InvalidInput,
    PromptRefused,
    stored_code,
)
from gql_server.domain.text import text_errors

A = TypeVar("A")
T_co = TypeVar("T_co", covariant=True)

MAX_KEY_LENGTH: Final = 255
_JSON: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted(Generic[A]):
    """A request that was checked and accepted.

    Attributes:
        result_id: ID of the future result.
        request: The accepted request, for ``IdempotentOperation.run``.
        recorded: What was decided, as JSON, for a process that takes the operation over.
    """

    result_id: str
    request: A
    recorded: Mapping[str, Any] | None = None


class IdempotentOperation(Protocol[A, T_co]):
    """A request that runs once for its key. Each request has an instance of its own."""

    @property
    def has_spent(self) -> bool:
        """Whether something was paid, or may have been stored, under the result's ID."""

    @property
    def pending(self) -> Callable[[str], DomainError]:
        """Error of the request that started the operation when its deadline passes."""

    async def accept(self) -> Accepted[A]:
        """Check the request, without spending anything.

        Raises:
            Rejected, DomainError: The request is invalid; its key stays free.
        """

    async def find(self, result_id: str, /) -> T_co | None:
        """Read the result."""

    async def run(self, accepted: Accepted[A], scope: KeyScope, /) -> T_co:
        """Do what was accepted, and complete the key in the transaction of the result."""

    async def resume(
        self, result_id: str, recorded: Mapping[str, Any] | None, scope: KeyScope, /
    ) -> T_co:
        """Continue where another process ended: as ``run``, but spend only what is needed."""


def key_errors(key: str) -> Iterator[InvalidInput]:
    """Yield what is wrong with an idempotency key."""
    errors = list(
        text_errors(
            key,
            path=("idempotency_key",),
            label="An idempotency key",
            minimum=1,
            maximum=MAX_KEY_LENGTH,
        )
    )
    yield from errors
    # An HTTP header does not carry other characters unchanged.
    if not errors and not (key.isascii() and key.isprintable()):
        yield InvalidInput(
            "An idempotency key has only printable ASCII characters.",
            path=("idempotency_key",),
        )


def input_hash(given: Mapping[str, Any]) -> str:
    """Hash an input. The order of its names does not matter.

    Raises:
        RecursionError, TypeError, ValueError: The input is nested too deeply, or is not JSON.
    """
    digest = hashlib.sha256()
    for part in _canonical(given):
        digest.update(part.encode())
    return digest.hexdigest()


def _canonical(given: Mapping[str, Any]) -> Iterator[str]:
    """Yield JSON in pieces: encoding a whole batch at once would block every thread."""
    for number, name in enumerate(sorted(given)):
        value = given[name]
        yield f"{',' if number else '{'}{_JSON.encode(name)}:"
        if isinstance(value, list) and value:
            for index, one in enumerate(value):
                yield ("," if index else "[") + _JSON.encode(one)
            yield "]"
        else:
            yield _JSON.encode(value)
    yield "}" if given else "{}"


def failure_to_json(error: BaseException) -> dict[str, Any] | None:
    """Return an error that the same request would always meet again, as JSON.

    Returns None for an error that is transient or that the operator can fix.
    """
    match error:
        case PromptRefused():
            return {"code": error.code, "message": error.message}
        case ImageFlagged(seed_was_given=True):
            # The release before reads what it does not know as a failed generation.
            return {"code": error.code, "message": error.message, "provider_code": None}
        case GenerationFailed(retryable=False, needs_operator=False, store_failed=False):
            return {
                "code": error.code,
                "message": error.message,
                "provider_code": error.provider_code,
            }
    return None


def failure_from_json(error: Mapping[str, Any]) -> DomainError:
    """Return the error that ``failure_to_json`` wrote."""
    match stored_code(error["code"]):
        case ErrorCode.PROMPT_REFUSED:
            return PromptRefused(error["message"])
        case ErrorCode.IMAGE_FLAGGED:
            return ImageFlagged(seed_was_given=True)
    return GenerationFailed(error["message"], retryable=False, provider_code=error["provider_code"])
