from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from gql_server.database.engine.engine import Database
from gql_server.database.queries.image_inserts import insert_images
from gql_server.database.queries.rollups import Grouping, RollupFilter, Totals
from gql_server.domain.clock import now
from gql_server.domain.errors import InvalidInput
from gql_server.ledger.reports.analytics import CostReport
from gql_server.ledger.reports.periods import Interval
from tests.database.rows import (
    add_image,
    add_template,
    charge_row,
    counted_statements,
    image_row,
)

pytestmark = pytest.mark.anyio

OURS = RollupFilter(is_preview=False)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def report(database: Database, where: RollupFilter = OURS, **span: Any) -> CostReport:
    return CostReport(database, where, **span)


async def test_totals_are_those_of_the_span_to_the_quarter(database: Database) -> None:
    for hours in range(100):
        await add_image(
            database, created_at=at("2026-03-01") + timedelta(hours=hours), cost=10**6 + hours
        )
    for since, until, expected in (
        (None, None, range(100)),
        (at("2026-03-01T05:00"), at("2026-03-01T09:00"), range(5, 9)),
        (at("2026-03-01T05:14"), at("2026-03-01T09:01"), range(5, 10)),
        (at("2026-03-01T22:00"), at("2026-03-04T03:00"), range(22, 75)),
        (at("2026-03-02"), at("2026-03-03"), range(24, 48)),
        (at("2026-03-02T00:15"), None, range(25, 100)),
        (None, at("2026-03-02T12:00"), range(36)),
        (at("2026-03-01T05:00"), at("2026-03-01T05:00"), range(0)),
        (at("2027-01-01"), None, range(0)),
    ):
        totals = await report(database, since=since, until=until).totals()
        assert totals == Totals(
            images=len(expected),
            amount=sum(10**6 + hours for hours in expected),
            provider_cost=633_600 * len(expected),
            neurons=57_600 * len(expected),
        ), (since, until)


async def test_a_part_of_a_month_is_the_same_by_whichever_roll_ups(database: Database) -> None:
    async with database.write() as connection:
        for day in range(90):
            image = image_row(
                user_id=f"user {day % 45}",
                created_at=at("2026-01-01") + timedelta(days=day, hours=day % 24),
            )
            await insert_images(connection, [(image, charge_row(image))])
    for first, last in ((3, 80), (20, 86), (31, 59), (3, 47), (40, 42)):
        span = report(
            database,
            since=at("2026-01-01") + timedelta(days=first),
            until=at("2026-01-01") + timedelta(days=last, hours=12),
        )
        expected = [day for day in range(90) if first <= day + day % 24 / 24 < last + 0.5]
        by_user = await span.totals_by(Grouping.USER)
        assert by_user.keys() == {f"user {day % 45}" for day in expected}
        assert sum(totals.images for totals in by_user.values()) == len(expected)
        for interval in Interval:
            periods = await span.timeline(interval, "UTC")
            assert sum(period.totals.images for period in periods) == len(expected)


async def test_filters_and_breakdowns_add_up(database: Database) -> None:
    template = await add_template(database)
    for number in range(12):
        await add_image(
            database,
            user_id=("ann", "bob")[number % 2],
            model_id=("@cf/a/x", "@cf/a/y", "@cf/a/z")[number % 3],
            template_id=template.id if number % 4 == 0 else None,
            cost=2**number,
            is_preview=False,
        )
    await add_image(database, cost=2**40, is_preview=True)
    everything = await report(database).totals()
    assert everything.amount == 2**12 - 1
    for by in (Grouping.USER, Grouping.MODEL, Grouping.TEMPLATE):
        found = await report(database).totals_by(by)
        assert sum(totals.amount for totals in found.values()) == everything.amount
        amounts = [totals.amount for totals in found.values()]
        assert amounts == sorted(amounts, reverse=True)
    narrow = RollupFilter(
        is_preview=False, user_id="ann", model_ids=["@cf/a/x"], template_ids=[template.id]
    )
    assert (await report(database, narrow).totals()).amount == 2**0
    without = RollupFilter(is_preview=False, template_ids=[""])
    assert (await report(database, without).totals()).images == 9
    anns = RollupFilter(is_preview=False, user_id="ann")
    by_model = await report(database, anns).totals_by(Grouping.MODEL)
    assert {model: totals.images for model, totals in by_model.items()} == {
        "@cf/a/x": 2,
        "@cf/a/y": 2,
        "@cf/a/z": 2,
    }


async def test_a_timeline_has_every_period(database: Database) -> None:
    for day in ("2026-02-27T23:50", "2026-03-02T12:00", "2026-03-02T12:01"):
        await add_image(database, created_at=at(day), cost=5)
    periods = await report(database, since=at("2026-02-27T12:00"), until=at("2026-03-03")).timeline(
        Interval.DAY, "UTC"
    )
    assert [(period.starts_at.isoformat()[:10], period.totals.amount) for period in periods] == [
        ("2026-02-27", 5),
        ("2026-02-28", 0),
        ("2026-03-01", 0),
        ("2026-03-02", 10),
    ]
    assert all(earlier.ends_at == later.starts_at for earlier, later in pairwise(periods))


@pytest.mark.parametrize(
    ("zone", "interval", "expected"),
    [
        ("Asia/Kathmandu", Interval.DAY, [1, 2]),  # midnight at 18:15 UTC
        ("UTC", Interval.DAY, [3]),
        ("America/New_York", Interval.DAY, [3]),
        ("UTC", Interval.HOUR, [1, 2]),
        ("Asia/Kathmandu", Interval.WEEK, [1, 2]),  # a Sunday in UTC, and a Monday there
        ("Asia/Kathmandu", Interval.MONTH, [1, 2]),
    ],
)
async def test_periods_are_those_of_the_zone(
    database: Database, zone: str, interval: Interval, expected: list[int]
) -> None:
    for minute in ("18:14", "18:15", "19:10"):
        await add_image(database, created_at=at(f"2026-05-31T{minute}"))
    await add_image(database, user_id="bob", created_at=at("2026-05-31T18:20"))
    span = report(
        database,
        RollupFilter(is_preview=False, user_id="ann"),
        since=at("2026-05-31T18:00"),
        until=at("2026-05-31T19:15"),
    )
    if interval is Interval.HOUR:
        expected = [2, 1]
    counts = [period.totals.images for period in await span.timeline(interval, zone)]
    assert [count for count in counts if count] == expected


async def test_a_timeline_without_a_start_begins_with_the_ledger(database: Database) -> None:
    assert await report(database).timeline(Interval.DAY, "UTC") == []
    await add_image(database, created_at=now() - timedelta(days=2))
    periods = await report(database).timeline(Interval.DAY, "UTC")
    assert len(periods) == 3
    assert [period.totals.images for period in periods] == [1, 0, 0]


async def test_the_span_before_is_compared(database: Database) -> None:
    await add_image(database, created_at=at("2026-03-01T10:00"), cost=3)
    await add_image(database, created_at=at("2026-03-02T10:00"), cost=4)
    span = report(database, since=at("2026-03-02"), until=at("2026-03-03"))
    previous = await span.previous()
    assert previous is not None
    assert (previous.amount, (await span.totals()).amount) == (3, 4)
    assert await report(database).previous() is None


async def test_the_month_is_projected_from_what_it_cost_until_now(database: Database) -> None:
    moment = now()
    await add_image(database, created_at=moment, cost=10**9)
    projected = await report(database).projected_month()
    start = moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    share = (now() - start) / timedelta(days=31)
    assert projected >= 10**9
    assert projected <= 10**9 / max(share, 0.0003) + 1


async def test_the_number_of_statements_does_not_grow(database: Database) -> None:
    for days in range(30):
        await add_image(database, created_at=at("2026-01-01") + timedelta(days=days))
    with counted_statements(database) as statements:
        span = report(database, since=at("2026-01-01"), until=at("2026-02-01"))
        for _ in range(5):
            await span.totals()
        await span.timeline(Interval.DAY, "UTC")
        await span.totals_by(Grouping.MODEL)
    assert len(statements) == 3
    assert all("cost_rollups" in statement for statement in statements)
    assert not any("charges" in statement for statement in statements)


async def test_what_is_no_span_is_refused(database: Database) -> None:
    with pytest.raises(InvalidInput, match="before since"):
        report(database, since=at("2026-02-01"), until=at("2026-01-01"))
    with pytest.raises(InvalidInput, match="time zone"):
        await report(database, since=at("2026-01-01")).timeline(Interval.DAY, "Mars/Olympus")
    with pytest.raises(InvalidInput, match="more than 10000 periods"):
        await report(database, since=at("1900-01-01")).timeline(Interval.HOUR, "UTC")


async def test_a_span_at_the_ends_of_the_calendar_is_a_span(database: Database) -> None:
    for since, until in (
        ("0001-01-01", None),
        ("0001-01-01", "9999-12-31"),
        ("9999-12-31", None),
        ("9999-12-31", "9999-12-31T23:59:59"),
    ):
        span = report(database, since=at(since), until=at(until) if until else None)
        assert await span.previous() == Totals()
        assert await span.totals() == Totals()
