"""What is done once for an idempotency key, and what a key and its input are."""

import hashlib
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeVar

from gql_server.database.queries.idempotency_keys import KeyScope
from gql_server.domain.errors import (
    DomainError,
    ErrorCode,
    GenerationFailed,
    InvalidInput,
    PictureFlagged,
    PromptRefused,
    Rejected,
)
from gql_server.domain.text import text_errors

T_co = TypeVar("T_co", covariant=True)

_MAX_KEY_LENGTH: Final = 255
_JSON: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A request that was accepted.

    Attributes:
        result_id: The id that its result will have.
        accepted: What was decided, as JSON, for whoever takes the work over.
    """

    result_id: str
    accepted: Mapping[str, Any] | None = None


class KeyedWork(Protocol[T_co]):
    """A request that is done once for its key; an instance for each request."""

    @property
    def has_spent(self) -> bool:
        """Whether something was paid, or may have been kept, under the result's id."""

    @property
    def pending(self) -> Callable[[str], DomainError]:
        """What the request that began the work is told when its deadline passes."""

    async def accept(self) -> Begun:
        """Check the request, without spending anything.

        Raises:
            Rejected, DomainError: The request has faults; its key stays free.
        """

    async def find(self, result_id: str, /) -> T_co | None:
        """Read the result."""

    async def make(self, result_id: str, scope: KeyScope, /) -> T_co:
        """Do what was accepted, and complete the key in the transaction of the result."""

    async def resume(
        self, result_id: str, accepted: Mapping[str, Any] | None, scope: KeyScope, /
    ) -> T_co:
        """Go on where another process ended: as ``make``, but spending only what is needed."""


def key_faults(key: str) -> Iterator[InvalidInput]:
    """Tell what keeps an idempotency key from being accepted."""
    faults = list(
        text_errors(
            key,
            path=("idempotency_key",),
            label="An idempotency key",
            minimum=1,
            maximum=_MAX_KEY_LENGTH,
        )
    )
    yield from faults
    # Others do not come through a header of HTTP as they were sent.
    if not faults and not (key.isascii() and key.isprintable()):
        yield InvalidInput(
            "An idempotency key has only printable ASCII characters.",
            path=("idempotency_key",),
        )


async def reject_with_key_faults(
    faults: Sequence[InvalidInput], accept: Callable[[], Awaitable[object]]
) -> None:
    """Raise the faults of a key together with those of its request.

    Args:
        faults: The key's.
        accept: Checks the request.

    Raises:
        Rejected: There are faults of either.
    """
    try:
        await accept()
    except Rejected as rejected:
        raise Rejected([*rejected.errors, *faults]) from None
    if faults:
        raise Rejected(faults)


def input_hash(given: Mapping[str, Any]) -> str:
    """Hash all that a caller gave, the same for the same input in whatever order.

    Raises:
        RecursionError, TypeError, ValueError: It is nested too deeply, or no JSON.
    """
    digest = hashlib.sha256()
    for part in _canonical(given):
        digest.update(part.encode())
    return digest.hexdigest()


def _canonical(given: Mapping[str, Any]) -> Iterator[str]:
    """Write JSON piece by piece: whoever writes all of a batch at once holds up every thread."""
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
    """Write down an error that the same request would always meet again.

    None: it may pass, or the operator may fix what caused it.
    """
    match error:
        case PromptRefused():
            return {"code": error.code, "message": error.message}
        case PictureFlagged(seed_was_given=True):
            return {"code": error.code}
        case GenerationFailed(retryable=False, needs_operator=False, store_failed=False):
            return {
                "code": error.code,
                "message": error.message,
                "provider_code": error.provider_code,
            }
    return None


def failure_from_json(error: Mapping[str, Any]) -> DomainError:
    """Read what ``failure_to_json`` wrote."""
    if error["code"] == ErrorCode.PROMPT_REFUSED:
        return PromptRefused(error["message"])
    if error["code"] == ErrorCode.PICTURE_FLAGGED:
        return PictureFlagged(seed_was_given=True)
    return GenerationFailed(error["message"], retryable=False, provider_code=error["provider_code"])
