"""New images with their charges: those that arrive together are written together, each once."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final, Generic, TypeVar, cast

from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.engine.engine import Database
from gql_server.database.engine.grouped_writes import GroupedWrites
from gql_server.database.engine.notifications import notify
from gql_server.database.queries.charges import record_charges
from gql_server.database.queries.idempotency_keys import KeyScope, complete_key, complete_keys_of
from gql_server.database.queries.image_order import MILLISECOND, images_topic, next_moment
from gql_server.database.queries.image_sources import insert_lineage
from gql_server.database.queries.image_tags import insert_tags
from gql_server.database.queries.images import find_images
from gql_server.database.queries.model_rollups import add_to_model_rollups, rollups_of_image
from gql_server.database.queries.remote_images import forget_remote_images
from gql_server.database.queries.reservations import remove_reservations, settle_reservations
from gql_server.database.records.images import PartialImage
from gql_server.database.tables.images import ImageRow
from gql_server.database.tables.ledger import ChargeRow
from gql_server.domain.lineage import NO_SOURCES, Lineage
from gql_server.telemetry.metrics import (
    BATCH_ITEMS_FINISHED,
    BILLED_DOLLARS,
    CHARGED_DOLLARS,
    IMAGES,
)

Subject = TypeVar("Subject")

_BILLION: Final = 1_000_000_000
_MAX_AHEAD: Final = timedelta(minutes=1)
_BATCH_WINDOW_SECONDS: Final = 0.1
"""Long enough for images of a batch to arrive together, too short for a watcher to notice."""


@dataclass(frozen=True, slots=True)
class OnCommit(Generic[Subject]):
    """What else to write in the transaction of an image, after it and its charge.

    Attributes:
        write: Writes for every image of the transaction that has the same ``write``.
        subject: Passed to ``write``.
    """

    write: Callable[[AsyncConnection, Sequence[Subject]], Awaitable[None]]
    subject: Subject


@dataclass(frozen=True, slots=True)
class NewImage:
    """An image to write.

    Attributes:
        image: The image; its ``created_at`` becomes the time at which it is written.
        charge: Its charge, of the same time.
        key: The idempotency key to complete.
        on_commit: What else to write; by default its reservation is deleted.
        is_held: Whether its price must still be reserved when it is charged.
        is_remote: Whether it may have a record of where its provider keeps it, which is deleted
            now. It may be finished without its request, whose idempotency key is then completed.
        lineage: The images that it was generated from.
    """

    image: ImageRow
    charge: ChargeRow
    key: KeyScope | None = None
    on_commit: OnCommit[Any] | None = None
    is_held: bool = False
    is_remote: bool = False
    lineage: Lineage = NO_SOURCES

    @property
    def may_wait(self) -> bool:
        """Whether it may wait a moment for others: no caller waits for one image of a batch."""
        return self.image.batch_id is not None


class ImageInserts:
    """Writes images with their charges; those that arrive together in one transaction.

    If another process commits an image of the same ID first, that one and its charge stay. An image
    gets the time at which it is written, later than all others of its user: a user's images are
    committed in the order of their page keys, so that a reader of one has missed none before it.
    Watchers of the user's images are notified.
    """

    def __init__(self, database: Database) -> None:
        self._database: Final = database
        self._writes: Final = GroupedWrites[NewImage, PartialImage](
            database, self._write, batch_window_seconds=_BATCH_WINDOW_SECONDS
        )

    async def insert(self, new: NewImage) -> PartialImage:
        """Write an image with its charge, complete its key, and settle; return the stored image.

        Raises:
            DatabaseUnavailable: The database does not answer; it may have been written.
            ReservationLost: Its price is no longer reserved; nothing was written.
        """
        return await self._writes.write(new, may_wait=new.may_wait)

    async def _write(self, news: Sequence[NewImage]) -> Sequence[PartialImage]:
        try:
            await self._database.write_in_thread(partial(_insert, news=news))
        except IntegrityError:
            if len(news) > 1:
                raise  # each is written alone, and finds the existing image
            found = await self._database.write_in_thread(partial(_settle_with_kept, new=news[0]))
            if found is None:
                raise
            return [found]
        for new in news:
            _count(new.image)
        return [cast("PartialImage", new.image.model_dump()) for new in news]


def _count(image: ImageRow) -> None:
    labels = (image.model_id, str(image.is_preview).lower())
    IMAGES.labels(*labels).inc()
    CHARGED_DOLLARS.labels(*labels).inc(image.cost / _BILLION)
    BILLED_DOLLARS.labels(*labels).inc(image.provider_cost / _BILLION)
    if image.batch_id is not None:
        BATCH_ITEMS_FINISHED.labels("succeeded").inc()


async def insert_images(
    connection: AsyncConnection, images: Sequence[tuple[ImageRow, ChargeRow]]
) -> None:
    """Write images, their tags and their charges; count them among their models'."""
    await connection.execute(_INSERT_IMAGE, [image.model_dump() for image, _ in images])
    await insert_tags(connection, {image.id: image.tags for image, _ in images})
    rows = (row for image, charge in images for row in rollups_of_image(image, charge.created_at))
    await add_to_model_rollups(connection, rows)
    await record_charges(connection, [charge for _, charge in images])


async def _insert(connection: AsyncConnection, *, news: Sequence[NewImage]) -> None:
    await _complete_keys(connection, news)
    await _set_moments(connection, news)
    await insert_images(connection, [(new.image, new.charge) for new in news])
    await insert_lineage(
        connection, {(new.image.id, new.image.created_at): new.lineage for new in news}
    )
    remote_ids = [new.image.id for new in news if new.is_remote]
    if remote_ids:
        await forget_remote_images(connection, remote_ids)
        await complete_keys_of(connection, remote_ids)
    await _end(connection, news, must_hold=True)
    for user_id in sorted({new.image.user_id for new in news}):
        await notify(connection, images_topic(user_id))


async def _settle_with_kept(connection: AsyncConnection, *, new: NewImage) -> PartialImage | None:
    """Settle with the image that another process wrote under the same ID; None without one."""
    image = new.image
    found = await find_images(connection, [image.id], user_id=image.user_id, include_purged=True)
    if image.id in found:
        await _complete_keys(connection, [new])
        await forget_remote_images(connection, [image.id])
        await complete_keys_of(connection, [image.id])
        await _end(connection, [new])
    return found.get(image.id)


async def _complete_keys(connection: AsyncConnection, news: Sequence[NewImage]) -> None:
    for new in news:
        if new.key is not None:
            await complete_key(connection, new.key, result_id=new.image.id)


async def _set_moments(connection: AsyncConnection, news: Sequence[NewImage]) -> None:
    by_user: defaultdict[str, list[NewImage]] = defaultdict(list)
    for new in news:
        by_user[new.image.user_id].append(new)
    # In one order, so that two processes cannot wait for each other's users.
    for user_id in sorted(by_user):
        present, first = await next_moment(connection, user_id)
        has_stepped_back = first - present > _MAX_AHEAD
        for number, new in enumerate(by_user[user_id]):
            new.image.created_at = moment = first + number * MILLISECOND
            # In the future it would count in no budget's current period.
            new.charge.created_at = present if has_stepped_back else moment


async def _end(
    connection: AsyncConnection, news: Sequence[NewImage], *, must_hold: bool = False
) -> None:
    subjects: defaultdict[Callable[..., Awaitable[None]], list[Any]] = defaultdict(list)
    for new in news:
        settle = settle_reservations if must_hold and new.is_held else remove_reservations
        on_commit = new.on_commit or OnCommit(settle, new.image.id)
        subjects[on_commit.write].append(on_commit.subject)
    for write in sorted(subjects, key=lambda write: write.__qualname__):
        await write(connection, subjects[write])


_INSERT_IMAGE: Final = insert(ImageRow)
