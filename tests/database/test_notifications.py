import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy import text

from gql_server.database.engine.engine import Database
from gql_server.database.engine.notifications import listening, notify
from gql_server.database.queries.image_inserts import ImageInserts, NewImage
from gql_server.database.tables.images import ImageRow
from tests.database.rows import charge_row, image_row
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio


class Ears:
    """What was heard, and how often news may have been missed."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.missed = 0

    def hear(self, topic: str) -> None:
        self.heard.append(topic)

    def miss(self) -> None:
        self.missed += 1

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while not condition():
                await asyncio.sleep(0.005)


async def notify_in_vain(database: Database) -> None:
    async with database.write() as connection:
        await notify(connection, "rolled back")
        raise LookupError


async def test_news_are_heard_when_their_transaction_is_committed(database: Database) -> None:
    ears = Ears()
    async with listening(database, on_message=ears.hear, on_gap=ears.miss):
        await ears.until(lambda: database.is_sqlite or ears.missed == 1)
        with pytest.raises(LookupError):
            await notify_in_vain(database)
        async with database.write() as connection:
            await notify(connection, "images:ann")
            await notify(connection, "images:ann")
            await notify(connection, "batch:bat_1")
            assert ears.heard == []
        await ears.until(lambda: len(ears.heard) == 2)
    assert sorted(ears.heard) == ["batch:bat_1", "images:ann"]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
async def test_a_lost_connection_is_made_again_and_all_are_reported(database: Database) -> None:
    ears = Ears()
    async with listening(database, on_message=ears.hear, on_gap=ears.miss):
        await ears.until(lambda: ears.missed == 1)
        async with database.write() as connection:
            await connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        await ears.until(lambda: ears.missed == 2)
        async with database.write() as connection:
            await notify(connection, "images:ann")
        await ears.until(lambda: ears.heard == ["images:ann"])


async def test_a_user_s_images_are_committed_in_the_order_of_their_keys(
    database: Database,
) -> None:
    committed: list[ImageRow] = []

    async def keep(user_id: str) -> None:
        image = image_row(user_id=user_id)
        await ImageInserts(database).insert(NewImage(image, charge_row(image)))
        committed.append(image)

    await asyncio.gather(*(keep(user) for _ in range(15) for user in ("ann", "bob")))
    for user_id in ("ann", "bob"):
        theirs = [image.created_at for image in committed if image.user_id == user_id]
        assert theirs == sorted(set(theirs))
