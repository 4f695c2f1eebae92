"""Storing an image: its bytes first, then its row and its charge in one transaction."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import stamina
import structlog

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.queries.image_inserts import ImageInserts, NewImage
from gql_server.database.records.images import PartialImage
from gql_server.domain.errors import GenerationFailed, GenerationPending
from gql_server.storage.store import Store, StoredObject, StoreMisconfigured, StoreUnavailable

log = structlog.get_logger(__name__)

_STORE_WAIT_SECONDS: Final = 5.0
"""Maximum wait before the next attempt on a store that did not answer."""

_DATABASE_ATTEMPTS: Final = 8
_DATABASE_SECONDS: Final = 60.0


def store_attempts(retry_for_seconds: float) -> AsyncIterator[stamina.Attempt]:
    """Retry an access to the store for this many seconds; 0 means one attempt."""
    return stamina.retry_context(
        on=StoreUnavailable,
        attempts=None if retry_for_seconds else 1,
        timeout=retry_for_seconds or None,
        wait_max=_STORE_WAIT_SECONDS,
    )


async def check_store(store: Store) -> None:
    """Check that the store can be used, as far as possible without writing.

    Raises:
        GenerationFailed: The store is unavailable or misconfigured.
    """
    try:
        await store.check()
    except StoreUnavailable as error:
        raise GenerationFailed(
            "Images cannot be stored at the moment. Try again later.",
            retryable=True,
            store_failed=True,
        ) from error
    except StoreMisconfigured as error:
        raise GenerationFailed(
            "Images cannot be stored. The server's operator must fix this; /ready says how.",
            retryable=False,
            store_failed=True,
        ) from error


async def save_bytes(
    store: Store, key: str, stored: StoredObject, *, retry_for_seconds: float = 0.0
) -> StoredObject:
    """Write an object under its key; return what is there, which an earlier call may have written.

    Args:
        store: The store.
        key: The key.
        stored: The object.
        retry_for_seconds: How long to retry if the store does not answer.

    Raises:
        GenerationFailed: The store is unavailable or misconfigured.
    """
    try:
        async for attempt in store_attempts(retry_for_seconds):
            with attempt:
                if await store.put(key, stored):
                    return stored
                existing = await store.get(key)
    except StoreUnavailable as error:
        log.exception("image_not_stored", key=key)
        raise GenerationFailed(
            "The image could not be stored: the store does not respond. Try again later.",
            retryable=True,
            store_failed=True,
        ) from error
    except StoreMisconfigured as error:
        log.exception("image_not_stored", key=key)
        raise GenerationFailed(
            (
                "The image could not be stored. The server's operator must fix this; the "
                "log has the details."
            ),
            retryable=False,
            store_failed=True,
        ) from error
    if existing is None:
        raise GenerationFailed("The image could not be stored. Try again.", retryable=True)
    return existing


async def save_row(inserts: ImageInserts, new: NewImage) -> PartialImage:
    """Write an image and its charge once, retrying for up to a minute; return the image.

    If another process writes the same image, the first commit wins and is returned.

    Raises:
        GenerationPending: The database was unavailable for a minute; whether the row was written is
            unknown.
        ReservationLost: The price is no longer reserved; nothing was written.
    """
    image = new.image
    try:
        async for attempt in stamina.retry_context(
            on=DatabaseUnavailable, attempts=_DATABASE_ATTEMPTS, timeout=_DATABASE_SECONDS
        ):
            with attempt:
                if attempt.num > 1:
                    log.warning("image_record_retried", image_id=image.id, attempt=attempt.num)
                return await inserts.insert(new)
    except DatabaseUnavailable as error:
        # The last commit may have succeeded, so the error must not say that nothing was charged.
        log.exception("image_record_uncertain", image_id=image.id, key=image.storage_key)
        raise GenerationPending(image.id) from error
    raise asyncio.CancelledError  # pragma: no cover - the iterator ends by return or by raising
