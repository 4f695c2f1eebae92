"""The order in which a user's images are committed, which is the order of their page keys.

A reader of a user's images up to one has missed none before it, and none will appear there.
"""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import String, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gql_server.database.engine.columns import UtcDateTime
from gql_server.database.tables.images import ImageRow
from gql_server.domain.clock import now

MILLISECOND: Final = timedelta(milliseconds=1)
"""Minimum time between two images of a user: the precision of stored times."""


def images_topic(user_id: str) -> str:
    """Return the topic that is notified of a user's new images."""
    return f"images:{user_id}"


async def next_moment(connection: AsyncConnection, user_id: str) -> tuple[datetime, datetime]:
    """Return the current time, and the same time or the first after the user's newest image.

    Until the transaction ends no other transaction gets one for this user: on PostgreSQL by a lock,
    on SQLite because one writes at a time. The clock is the database's, so that machines agree.
    """
    who = {"of_user": user_id}
    moment, newest = now(), None
    if connection.dialect.name == "postgresql":
        await connection.execute(_LOCK, {"topic": images_topic(user_id)})
        moment, newest = (await connection.execute(_CLOCK_AND_NEWEST, who)).one()
    else:
        newest = (await connection.execute(_NEWEST, who)).scalar()
    return moment, moment if newest is None else max(moment, newest + MILLISECOND)


async def newest_image(connection: AsyncConnection, user_id: str) -> tuple[datetime, str] | None:
    """Return the page key of a user's newest image, including deleted ones."""
    found = (await connection.execute(_NEWEST_PLACE, {"of_user": user_id})).one_or_none()
    return (found[0], found[1]) if found is not None else None


_CREATED_AT: Final = col(ImageRow.created_at)
_OF_USER: Final = col(ImageRow.user_id) == bindparam("of_user", type_=String())
_LOCK: Final = select(
    func.pg_advisory_xact_lock(func.hashtextextended(bindparam("topic", type_=String()), 0))
)
_NEWEST: Final = select(func.max(_CREATED_AT, type_=UtcDateTime())).where(_OF_USER)
_CLOCK_AND_NEWEST: Final = select(
    func.date_trunc("milliseconds", func.clock_timestamp(), type_=UtcDateTime()),
    _NEWEST.scalar_subquery(),
)
_NEWEST_PLACE: Final = (
    select(_CREATED_AT, col(ImageRow.id))
    .where(_OF_USER)
    .order_by(_CREATED_AT.desc(), col(ImageRow.id).desc())
    .limit(1)
)
