# ruff: noqa: RUF001 - letters that look alike are searched for
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gql_server.database.engine.engine import Database
from gql_server.database.engine.pages import Page, PageKey, PageOrder, PageRequest, page_key_of
from gql_server.database.queries.images import (
    IMAGE_COLUMNS,
    Deleted,
    ImageFilter,
    count_images,
    find_images,
    image_page,
    image_pages_by_template,
    update_image,
)
from gql_server.database.records.images import PartialImage
from tests.database.rows import START, add_image, add_images, add_template, counted_statements

pytestmark = pytest.mark.anyio
ANN = ImageFilter(user_id="ann")


async def page_of(
    database: Database, where: ImageFilter = ANN, **request: Any
) -> Page[PartialImage]:
    async with database.read() as connection:
        return await image_page(connection, {"id"}, where, PageRequest(**request))


def ids(page: Page[PartialImage]) -> list[str]:
    return [row["id"] for row in page.rows]


def key(page: Page[PartialImage], index: int) -> PageKey:
    return page_key_of(page.rows[index])


async def test_pages_walk_the_list_forwards_without_gap_or_repetition(database: Database) -> None:
    oldest_first = await add_images(database, 7)
    walked: list[str] = []
    after = None
    more = True
    while more:
        page = await page_of(database, size=3, after=after)
        walked += ids(page)
        after, more = key(page, -1), page.has_more
    assert walked == oldest_first[::-1]


async def test_pages_by_tags_walk_the_list_forwards(database: Database) -> None:
    oldest_first = await add_images(database, 7, tags=["fox", "snow"])
    await add_images(database, 3, tags=["snow"])
    await add_images(database, 2, user_id="bob", tags=["snow", "fox"])
    for tags in (("snow", "fox"), ("fox",)):
        where = ImageFilter(user_id="ann", tags=tags)
        first = await page_of(database, where, size=4)
        second = await page_of(database, where, size=4, after=key(first, -1))
        assert ids(first) + ids(second) == oldest_first[::-1]
        async with database.read() as connection:
            assert await count_images(connection, where) == 7
            assert await count_images(connection, replace(where, user_id=None)) == 9


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # PostgreSQL goes by statistics
@pytest.mark.parametrize("user_id", ["ann", None])
async def test_a_page_by_tag_is_read_in_the_order_of_an_index(
    database: Database, user_id: str | None
) -> None:
    with counted_statements(database) as statements:
        await page_of(database, ImageFilter(user_id=user_id, tags=("fox",)), size=3)
    async with database.reader.connect() as connection:
        values = tuple("x" for _ in range(statements[0].count("?")))
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statements[0]}", values)
        steps = [str(detail) for *_, detail in plan]
    assert steps[0].startswith("SEARCH image_tags USING")
    assert not any("SCAN" in step or "TEMP B-TREE" in step for step in steps)


async def test_pages_walk_the_list_backwards(database: Database) -> None:
    oldest_first = await add_images(database, 7)
    last = await page_of(database, size=3, from_end=True)
    assert ids(last) == oldest_first[2::-1]
    assert last.has_more
    middle = await page_of(database, size=3, from_end=True, before=key(last, 0))
    assert ids(middle) == oldest_first[5:2:-1]
    first = await page_of(database, size=3, from_end=True, before=key(middle, 0))
    assert ids(first) == [oldest_first[6]]
    assert not first.has_more


async def test_the_oldest_can_come_first(database: Database) -> None:
    oldest_first = await add_images(database, 5)
    page = await page_of(database, size=2, order=PageOrder.OLDEST_FIRST)
    assert ids(page) == oldest_first[:2]
    rest = await page_of(database, size=9, order=PageOrder.OLDEST_FIRST, after=key(page, -1))
    assert ids(rest) == oldest_first[2:]


async def test_images_of_one_moment_are_ordered_by_id(database: Database) -> None:
    same = sorted(await add_images(database, 5, created_at=START))
    first = await page_of(database, size=2)
    second = await page_of(database, size=3, after=key(first, -1))
    assert ids(first) + ids(second) == same[::-1]


async def test_only_the_columns_requested_are_read(database: Database) -> None:
    await add_image(database)
    with counted_statements(database) as statements:
        async with database.read() as connection:
            page = await image_page(connection, {"width"}, ANN, PageRequest())
    assert set(page.rows[0]) == {"width", "created_at", "id"}
    assert "rendered_prompt" not in statements[0]


async def test_a_page_is_one_statement_whatever_its_size(database: Database) -> None:
    await add_images(database, 60, tags=["a", "b"])
    for size in (1, 10, 50):
        with counted_statements(database) as statements:
            async with database.read() as connection:
                page = await image_page(connection, IMAGE_COLUMNS, ANN, PageRequest(size=size))
        assert len(page.rows) == size
        assert len(statements) == 1


async def test_filters_narrow_and_add_up(database: Database) -> None:
    template = await add_template(database)
    expected = await add_image(
        database,
        prompt="A STRASSE in Zürich, 50% off_season",
        model_id="@cf/leonardo/phoenix-1.0",
        template_id=template.id,
        tags=["city", "summer"],
        created_at=START + timedelta(days=1),
        is_preview=True,
    )
    await add_image(database, tags=["city"])
    await add_image(database, user_id="bob", tags=["city", "summer"])
    narrowings: list[dict[str, Any]] = [
        {"model_ids": ("@cf/leonardo/phoenix-1.0", "@cf/other/model")},
        {"template_ids": (template.id,)},
        {"tags": ("summer", "city")},
        {"created_since": START + timedelta(days=1)},
        {"search": "ZÜRICH straße"},
        {"search": "50% off_"},
        {"is_preview": True},
    ]
    for narrowing in narrowings:
        where = ImageFilter(user_id="ann", **narrowing)
        assert ids(await page_of(database, where)) == [expected.id], narrowing
        async with database.read() as connection:
            assert await count_images(connection, where) == 1
    excludings: list[dict[str, Any]] = [
        {"model_ids": ()},
        {"template_ids": ("tpl_none",)},
        {"tags": ("city", "winter")},
        {"created_before": START},
        {"search": "zürich rome"},
        {"search": "50_ off"},
        {"created_since": START + timedelta(days=2)},
    ]
    for excluding in excludings:
        assert ids(await page_of(database, ImageFilter(user_id="ann", **excluding))) == []


@pytest.mark.parametrize(
    ("prompt", "searches"),
    [
        ("Die Straße", ["STRASSE", "strasse", "straẞe", "raß"]),
        ("İSTANBUL by night", ["istanbul", "İstanbul", "ıstanbul", "TANBUL"]),
        ("ΟΔΟΣ ΑΘΗΝΑΣ", ["οδος", "οδοσ", "αθηνας"]),
        ("Ｆｕｌｌ　ｗｉｄｔｈ", ["full", "WIDTH full", "ｆｕｌｌ"]),
        ("cafe\u0301 in the rain", ["café", "CAFÉ", "caf"]),
        ("क़िला और नदी", ["क़िला", "नदी"]),
        ("森の中の狐", ["狐", "森の中"]),
        ("ﾎﾟｯﾌﾟなポスター", ["ポップ", "ポスター"]),
    ],
)
async def test_a_search_finds_letters_in_every_form(
    database: Database, prompt: str, searches: list[str]
) -> None:
    expected = await add_image(database, prompt=prompt)
    await add_image(database, prompt="Something else")
    for search in searches:
        where = ImageFilter(user_id="ann", search=search)
        assert ids(await page_of(database, where)) == [expected.id], search


async def test_deleted_images_are_left_out_unless_requested(database: Database) -> None:
    kept = await add_image(database)
    gone = await add_image(database, created_at=START + timedelta(seconds=1))
    async with database.write() as connection:
        assert await update_image(connection, gone.id, user_id="ann", values={"deleted_at": START})
    for deleted, expected in (
        (Deleted.EXCLUDE, [kept.id]),
        (Deleted.ONLY, [gone.id]),
        (Deleted.INCLUDE, [gone.id, kept.id]),
    ):
        assert ids(await page_of(database, ImageFilter(user_id="ann", deleted=deleted))) == expected


async def test_found_by_id_are_only_the_owners(database: Database) -> None:
    own, other = await add_image(database), await add_image(database, user_id="bob")
    ids = [own.id, other.id, "img_none", "tpl_x", "img_\x00", ""]
    async with database.read() as connection:
        assert set(await find_images(connection, ids, user_id="ann")) == {own.id}


async def test_an_upload_comes_back_as_it_was_written(database: Database) -> None:
    image = await add_image(
        database,
        tags=["b", "a"],
        attributes={"deep": [1, {"ü": None}], "big": 2**53},
        cost=2**40,
        neurons=2**41,
    )
    async with database.read() as connection:
        row = (await find_images(connection, [image.id], user_id="ann"))[image.id]
    assert dict(row) == image.model_dump(
        exclude={"search_text", "file_due_at", "withheld_at", "withheld_key"}
    )


async def test_new_tags_replace_the_old_ones_in_the_filter_too(database: Database) -> None:
    image = await add_image(database, tags=["old"])
    async with database.write() as connection:
        await update_image(connection, image.id, user_id="ann", values={"tags": ["new"]})
    assert ids(await page_of(database, ImageFilter(user_id="ann", tags=("new",)))) == [image.id]
    assert ids(await page_of(database, ImageFilter(user_id="ann", tags=("old",)))) == []


async def test_another_users_image_is_not_changed(database: Database) -> None:
    image = await add_image(database)
    async with database.write() as connection:
        assert not await update_image(
            connection, image.id, user_id="bob", values={"tags": ["mine"]}
        )
    assert ids(await page_of(database, ImageFilter(user_id="ann", tags=("mine",)))) == []


async def test_pages_of_many_templates_take_one_statement(database: Database) -> None:
    templates = [await add_template(database) for _ in range(4)]
    made = {
        template.id: await add_images(database, 3, template_id=template.id)
        for template in templates[:3]
    }
    with counted_statements(database) as statements:
        async with database.read() as connection:
            pages = await image_pages_by_template(
                connection,
                [template.id for template in templates],
                {"id"},
                ANN,
                PageRequest(size=2),
            )
    assert len(statements) == 1
    for template_id, image_ids in made.items():
        assert ids(pages[template_id]) == image_ids[:0:-1]
        assert pages[template_id].has_more
    assert ids(pages[templates[3].id]) == []
