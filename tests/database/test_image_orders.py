"""Lists of images by time, cost and size: pages without gap or repetition, also at equal values."""

from typing import Any, cast

import pytest

from gql_server.database.engine.cursors import cursor_of, page_key
from gql_server.database.engine.engine import Database
from gql_server.database.engine.pages import PageOrder, PageRequest
from gql_server.database.queries.images import ImageFilter, image_page
from tests.database.rows import add_image, counted_statements

pytestmark = pytest.mark.anyio

COSTS = (3, 1, 3, 3, 2, 1, 0, 2**40)
SIZES = (70, 70, 70, 50, 90, 90, 10, 2**30)


async def added(database: Database) -> list[dict[str, Any]]:
    rows = []
    for cost, size in zip(COSTS, SIZES, strict=True):
        image = await add_image(database, cost=cost, size_bytes=size, tags=["fox"])
        rows.append({"id": image.id, "cost": cost, "size_bytes": size})
    await add_image(database, user_id="bob", cost=2, size_bytes=70, tags=["fox"])
    return rows


@pytest.mark.parametrize("order", [one for one in PageOrder if not one.is_by_time])
@pytest.mark.parametrize("from_end", [False, True])
@pytest.mark.parametrize("tags", [(), ("fox",)])
async def test_pages_walk_the_list_in_each_order(
    database: Database, order: PageOrder, *, from_end: bool, tags: tuple[str, ...]
) -> None:
    rows = await added(database)
    expected = sorted(
        rows, key=lambda row: (row[order.column], row["id"]), reverse=order.is_descending
    )
    where = ImageFilter(user_id="ann", tags=tags)
    walked: list[str] = []
    cursor: str | None = None
    more = True
    while more:
        key = page_key(cursor, order) if cursor is not None else None
        place = {"before" if from_end else "after": key}
        request = PageRequest(size=3, order=order, from_end=from_end, **cast("Any", place))
        async with database.read() as connection:
            page = await image_page(connection, {"id", order.column}, where, request)
        ids = [row["id"] for row in page.rows]
        walked = ids + walked if from_end else walked + ids
        cursor, more = cursor_of(page.rows[0 if from_end else -1], order), page.has_more
    assert walked == [row["id"] for row in expected]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)  # PostgreSQL goes by statistics
@pytest.mark.parametrize("order", list(PageOrder))
@pytest.mark.parametrize("user_id", ["ann", None])
async def test_a_page_is_one_statement_that_reads_in_the_order_of_an_index(
    database: Database, order: PageOrder, user_id: str | None
) -> None:
    with counted_statements(database) as statements:
        async with database.read() as connection:
            where, request = ImageFilter(user_id=user_id), PageRequest(order=order)
            await image_page(connection, {"id"}, where, request)
    (statement,) = (one for one in statements if one.startswith("SELECT"))
    async with database.reader.connect() as connection:
        values = tuple("x" for _ in range(statement.count("?")))
        plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)
        steps = [str(detail) for *_, detail in plan]
    assert "USING INDEX" in steps[0] or "USING COVERING INDEX" in steps[0]
    assert not any("TEMP B-TREE" in step for step in steps)


def test_a_cursor_belongs_to_lists_that_are_sorted_by_the_same() -> None:
    row = {"id": "img_" + 26 * "a", "cost": 5, "size_bytes": 7}
    cursor = cursor_of(cast("Any", row), PageOrder.MOST_EXPENSIVE_FIRST)
    assert page_key(cursor, PageOrder.LEAST_EXPENSIVE_FIRST).value == 5
    for order in (PageOrder.NEWEST_FIRST, PageOrder.LARGEST_FIRST):
        with pytest.raises(ValueError, match="order"):
            page_key(cursor, order)
