"""New images: together where they come together, and each once."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.engine.engine import Database
from gql_server.database.queries.image_inserts import ImageInserts, NewImage, OnCommit
from gql_server.database.queries.images import ImageFilter, count_images, find_images
from gql_server.database.tables.images import ImageRow
from gql_server.domain.clock import now
from gql_server.ledger.audit.audit import audit
from tests.database.rows import charge_row, counted_statements, image_row

pytestmark = pytest.mark.anyio


def new_image(
    user_id: str = "ann", on_commit: OnCommit[str] | None = None, **changes: object
) -> NewImage:
    image = image_row(user_id=user_id, **changes)
    return NewImage(image, charge_row(image), on_commit=on_commit)


async def test_many_images_take_as_many_statements_as_one(database: Database) -> None:
    inserts = ImageInserts(database)
    with counted_statements(database) as statements:
        await inserts.insert(new_image(tags=["fox"]))
    alone = len(statements)
    with counted_statements(database) as statements:
        together = [new_image(tags=["fox", "snow"]) for _ in range(20)]
        await asyncio.gather(*map(inserts.insert, together))
    assert len(statements) == alone
    moments = [new.image.created_at for new in together]
    assert moments == sorted(set(moments))
    assert all(new.charge.created_at == new.image.created_at for new in together)
    assert (await audit(database)).is_clean


async def test_a_charge_after_a_step_back_counts_in_the_present(database: Database) -> None:
    inserts = ImageInserts(database)
    await inserts.insert(new_image())
    future = now() + timedelta(days=365)
    async with database.write() as connection:
        await connection.execute(update(ImageRow).values(created_at=future))
    later = new_image()
    await inserts.insert(later)
    # Its place is behind the newest image's, for whoever has read up to that.
    assert later.image.created_at > future
    assert abs(later.charge.created_at - now()) < timedelta(minutes=5)
    assert (await audit(database)).is_clean


async def test_images_of_many_users_and_models_add_up(database: Database) -> None:
    inserts = ImageInserts(database)
    each = [
        new_image(user_id=user, model_id=model, cost=cost)
        for cost, (user, model) in enumerate(
            ((user, model) for user in ("ann", "bob", "eve") for model in ("one", "two")), start=1
        )
    ]
    await asyncio.gather(*map(inserts.insert, each))
    assert (await audit(database)).is_clean
    async with database.read() as connection:
        assert await count_images(connection, ImageFilter()) == 6


async def test_an_image_that_is_there_or_must_not_be_kept_leaves_the_others_alone(
    database: Database,
) -> None:
    ended: list[str] = []

    async def end(_connection: AsyncConnection, subjects: Sequence[str]) -> None:
        if "late" in subjects:
            raise LookupError("late")
        ended.extend(subjects)

    inserts = ImageInserts(database)
    kept = new_image(size_bytes=1)
    await inserts.insert(kept)
    again = new_image(id=kept.image.id, size_bytes=2)
    others = [new_image(on_commit=OnCommit(end, name)) for name in ("one", "late", "two")]
    found = await asyncio.gather(
        *map(inserts.insert, (others[0], again, others[1], others[2])), return_exceptions=True
    )
    assert isinstance(found[2], LookupError)
    assert not isinstance(found[1], BaseException)
    assert found[1]["size_bytes"] == 1
    assert sorted(set(ended)) == ["one", "two"]
    ids = [new.image.id for new in (kept, *others)]
    async with database.read() as connection:
        there = await find_images(connection, ids, user_id="ann")
    assert set(there) == {ids[0], ids[1], ids[3]}
    assert (await audit(database)).is_clean
