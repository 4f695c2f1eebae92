import asyncio
import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from gql_server.database.engine.engine import Database
from gql_server.database.queries.image_inserts import insert_images
from gql_server.database.queries.model_rollups import Outcome, bucket_of, seconds_of
from gql_server.database.queries.periods import DAY, day_of
from gql_server.domain.clock import now
from gql_server.ledger.audit.audit import audit
from gql_server.ledger.reports.performance import (
    Performance,
    count_without_image,
    performance_start,
    read_performance,
)
from tests.database.rows import (
    START,
    add_image,
    add_images,
    charge_row,
    counted_statements,
    image_row,
)

pytestmark = pytest.mark.anyio

X, Y, Z = "@cf/a/x", "@cf/a/y", "@cf/a/z"


async def seen(
    database: Database, since: datetime = START, models: Sequence[str] = (X, Y, Z)
) -> dict[str, Performance]:
    return await read_performance(database, models, is_preview=False, since=since)


async def add_all(database: Database, images: Iterable[dict[str, Any]]) -> None:
    """Write images of model X in one transaction."""
    async with database.write() as connection:
        for changes in images:
            image = image_row(model_id=X, **changes)
            await insert_images(connection, [(image, charge_row(image))])


@pytest.mark.parametrize("seconds", [0.001, 0.0123, 0.4, 1.0, 1.5, 7.77, 59.999, 119, 600, 3600])
def test_a_buckets_middle_is_near_to_what_lies_in_it(seconds: float) -> None:
    assert seconds_of(bucket_of(seconds)) == pytest.approx(seconds, rel=0.025)


def test_any_seconds_have_a_bucket() -> None:
    buckets = [bucket_of(seconds) for seconds in (-1.0, 0.0, 1e-9, 0.01, 10, 1e9)]
    assert buckets == sorted(buckets)
    assert buckets[0] == buckets[2] == 0


async def test_images_failures_and_seconds_are_reported_by_model(database: Database) -> None:
    drawn = random.Random(7)
    times = [drawn.lognormvariate(1.2, 0.6) for _ in range(99)]
    await add_all(
        database,
        ({"seconds": t, "created_at": START + timedelta(hours=n)} for n, t in enumerate(times)),
    )
    await add_image(database, model_id=Y, seconds=4.0, deleted_at=START)
    await add_image(database, model_id=Y, seconds=400.0, is_preview=True)
    for outcome in (Outcome.FAILED, Outcome.FAILED, Outcome.FAILED, Outcome.REFUSED):
        await count_without_image(database, Y, outcome, is_preview=False)
    await count_without_image(database, Y, Outcome.FAILED, is_preview=True)
    with counted_statements(database) as statements:
        found = await seen(database)
    assert len(statements) == 1
    x, y, z = found[X], found[Y], found[Z]
    exact = quantiles(times, n=100)
    assert (x.images, x.failures, x.success_rate) == (99, 0, 1.0)
    assert x.seconds(0.5) == pytest.approx(exact[49], rel=0.03)
    assert x.seconds(0.95) == pytest.approx(exact[94], rel=0.03)
    assert x.seconds(1.0) == pytest.approx(max(times), rel=0.03)
    assert (y.images, y.failures, y.refusals, y.success_rate) == (1, 3, 1, 0.25)
    assert y.seconds(0.5) == y.seconds(0.95) == pytest.approx(4.0, rel=0.03)
    assert z == Performance()
    assert (z.success_rate, z.seconds(0.5)) == (None, None)


async def test_a_window_begins_with_its_hour(database: Database) -> None:
    await add_all(
        database, ({"created_at": START + timedelta(hours=n, minutes=59)} for n in range(50))
    )
    for since, expected in ((0, 50), (1, 49), (23, 27), (24, 26), (25, 25), (49, 1), (50, 0)):
        found = await seen(database, START + timedelta(hours=since))
        assert found[X].images == expected, since


def test_a_window_is_30_days_or_from_an_hour_on() -> None:
    moment = now()
    assert performance_start(None) == day_of(moment) - 30 * DAY
    assert performance_start(START + timedelta(hours=5, minutes=59)) == START + timedelta(hours=5)
    assert moment - timedelta(hours=1) < performance_start(moment + 99 * DAY) <= now()


async def test_many_writers_do_not_stand_in_each_others_way(database: Database) -> None:
    async def work(number: int) -> None:
        for turn in range(3):
            model_id = (X, Y)[(number + turn) % 2]
            await add_image(database, model_id=model_id, seconds=1.0)
            await count_without_image(database, model_id, Outcome.FAILED, is_preview=False)

    with capture_logs() as logs:
        await asyncio.gather(*(work(number) for number in range(10)))
    assert logs == []
    found = await seen(database)
    assert [(found[name].images, found[name].failures) for name in (X, Y)] == [(15, 15), (15, 15)]
    assert (await audit(database)).is_clean


@pytest.mark.parametrize(
    "harm",
    [
        "UPDATE model_rollups SET generations = 2 WHERE span = 'hour'",
        "UPDATE model_rollups SET bucket = bucket + 1 WHERE span = 'day'",
        "DELETE FROM model_rollups WHERE outcome = 'made'",
    ],
)
async def test_an_audit_reports_and_fixes_what_differs_from_the_images(
    database: Database, harm: str
) -> None:
    await add_images(database, 3, model_id=X)
    await count_without_image(database, X, Outcome.FAILED, is_preview=False)
    before = await seen(database)
    async with database.write() as connection:
        await connection.execute(text(harm))
    found = await audit(database)
    assert (found.is_clean, found.days, found.model_days[:1]) == (False, [], [START])
    assert (await audit(database, repair=True)).is_clean
    assert (await audit(database)).model_days == []
    if "generations" not in harm:  # else the failure itself was harmed, which nothing else knows
        assert await seen(database) == before
