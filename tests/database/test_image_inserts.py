"""New images: together where they come together, and each once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.engine.engine import Database
from gql_server.database.engine.pages import PageKey, PageRequest
from gql_server.database.queries.image_inserts import ImageInserts, NewImage, OnCommit
from gql_server.database.queries.image_sources import find_lineage
from gql_server.database.queries.images import (
    ImageFilter,
    count_images,
    find_images,
    image_pages_by_source,
)
from gql_server.database.tables.images import ImageRow
from gql_server.domain.clock import now
from gql_server.domain.lineage import Lineage
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


async def test_an_image_is_written_with_what_it_was_generated_from(database: Database) -> None:
    inserts = ImageInserts(database)
    source, alone = new_image(), new_image()
    lineage = Lineage((source.image.id, source.image.id, "src_one"), "src_mask")
    derived = [replace(new_image(), lineage=lineage) for _ in range(3)]
    await inserts.insert(source)
    await asyncio.gather(*map(inserts.insert, (*derived, alone)))
    ids = [new.image.id for new in (*derived, alone)]
    where, request = ImageFilter(user_id="ann"), PageRequest(size=2)
    async with database.read() as connection:
        found = await find_lineage(connection, ids)
        sources = (source.image.id, "src_mask", "src_two")
        pages = await image_pages_by_source(connection, sources, {"id"}, where, request)
        first = [row["id"] for row in pages["src_mask"].rows]
        after = PageKey(derived[1].image.created_at, ids[1])
        rest = await image_pages_by_source(
            connection, ["src_mask"], {"id"}, where, replace(request, after=after)
        )
        number = await count_images(connection, where.derived_of(source.image.id))
        plan = await connection.exec_driver_sql(
            "EXPLAIN QUERY PLAN SELECT image_id FROM image_sources WHERE source_id = 'src_mask'"
            " ORDER BY created_at DESC, image_id DESC LIMIT 3"
            if database.is_sqlite
            else "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_image_sources_page'"
        )
        index = str(plan.all())
    assert found == dict.fromkeys(ids[:3], lineage) | {ids[3]: Lineage()}
    assert first == [ids[2], ids[1]]
    assert first == [row["id"] for row in pages[source.image.id].rows]
    assert (pages["src_mask"].has_more, pages["src_two"].rows) == (True, [])
    assert [row["id"] for row in rest["src_mask"].rows] == ids[:1]
    assert number == 3
    assert "ix_image_sources_page" in index
    assert "TEMP B-TREE" not in index
