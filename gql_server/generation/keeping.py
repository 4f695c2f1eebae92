"""Keeping a picture: its bytes first, then its facts and its charge in one transaction."""

import asyncio
from typing import Final

import stamina
import structlog

from gql_server.database.engine import Database, DatabaseUnavailable
from gql_server.database.images import find_images, insert_image
from gql_server.database.pages import Facts
from gql_server.database.tables import ChargeRow, ImageRow
from gql_server.domain.clock import now
from gql_server.domain.errors import GenerationFailed
from gql_server.storage.store import Store, StoredObject, StoreMisconfigured, StoreUnavailable

log = structlog.get_logger(__name__)

_DATABASE_ATTEMPTS: Final = 8
_DATABASE_SECONDS: Final = 60.0


async def keep_bytes(store: Store, key: str, stored: StoredObject) -> StoredObject:
    """Write an object under its key; return what is there, which an earlier call may have put.

    Raises:
        GenerationFailed: The store cannot be used at the moment, or not at all.
    """
    try:
        if await store.put(key, stored):
            return stored
        existing = await store.get(key)
    except StoreUnavailable as error:
        log.exception("picture_not_kept", key=key)
        raise GenerationFailed(
            "The picture could not be kept: the store does not answer. Try again later.",
            retryable=True,
        ) from error
    except StoreMisconfigured as error:
        log.exception("picture_not_kept", key=key)
        raise GenerationFailed(
            "The picture could not be kept; the server's operator has been told.",
            retryable=False,
        ) from error
    if existing is None:
        raise GenerationFailed("The picture could not be kept. Try again.", retryable=True)
    return existing


async def keep_facts(database: Database, image: ImageRow, charge: ChargeRow) -> Facts:
    """Write an image and its charge, once, whatever fails in between; return the image.

    Raises:
        GenerationFailed: The database cannot be used for a minute.
    """
    try:
        async for attempt in stamina.retry_context(
            on=DatabaseUnavailable, attempts=_DATABASE_ATTEMPTS, timeout=_DATABASE_SECONDS
        ):
            with attempt:
                if attempt.num > 1:
                    log.warning("facts_kept_again", image_id=image.id, attempt=attempt.num)
                return await _write(database, image, charge, is_first=attempt.num == 1)
    except DatabaseUnavailable as error:
        log.exception("facts_not_kept", image_id=image.id, key=image.storage_key)
        raise GenerationFailed(
            "The picture could not be recorded: the database does not answer.", retryable=True
        ) from error
    raise asyncio.CancelledError  # pragma: no cover - the iterator ends by return or by raising


async def _write(
    database: Database, image: ImageRow, charge: ChargeRow, *, is_first: bool
) -> Facts:
    async with database.write() as connection:
        if not is_first:
            # The commit of an attempt may have succeeded although its answer was lost.
            kept = await find_images(connection, [image.id], user_id=image.user_id)
            if kept:
                return kept[image.id]
        image.created_at = charge.created_at = now()
        await insert_image(connection, image, charge)
    return image.model_dump()
