"""What is older than the settings keep is erased, and nothing else."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import SQLModel, col

from gql_server.bootstrap.retention import retention_of
from gql_server.database.tables.batches import BatchItemRow, BatchRow
from gql_server.database.tables.images import ImageRow, SourceImageRow
from gql_server.domain.batches import ItemStatus
from gql_server.domain.clock import now
from gql_server.erasure import retention as retention_module
from gql_server.erasure.retention import RetentionSweep
from gql_server.ledger.audit.audit import audit
from gql_server.processes.clock_watch import ClockReading
from tests.database.batch_rows import add_batch
from tests.erasure.test_purge import COSTS, DELETE, WORD, wordy
from tests.support.running_app import RunningApp, png, running_app
from tests.support.words import tables_with

pytestmark = pytest.mark.anyio

DAYS = {
    "retention_deleted_days": 10,
    "retention_images_days": 100,
    "retention_uploads_days": 20,
    "retention_requests_days": 5,
}
RETRY = "mutation($id: ID!) { retryBatch(input: {id: $id}) { userErrors { code message } } }"


async def age(app: RunningApp, table: type[SQLModel], row_id: str, **days: float) -> None:
    """Let times of a row be so many days ago."""
    values = {name: now() - timedelta(days=number) for name, number in days.items()}
    async with app.services.database.write() as connection:
        mine = update(table).where(col(table.id) == row_id)  # type: ignore[attr-defined]  # all have one
        await connection.execute(mine.values(**values))


async def purged(app: RunningApp) -> set[str]:
    async with app.services.database.read() as connection:
        found = select(col(ImageRow.id)).where(col(ImageRow.purged_at).is_not(None))
        return set((await connection.execute(found)).scalars())


async def test_each_kind_is_erased_at_its_age(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention_module, "_SLICE", 2)
    async with running_app(tmp_path, DAYS) as app:
        images = [await app.image(**wordy(number)) for number in range(7)]
        for image, days in zip(images, (9, 11, 12, 13), strict=False):
            await app.ask(DELETE, id=image["id"])
            await age(app, ImageRow, image["id"], deleted_at=days)
        await age(app, ImageRow, images[4]["id"], created_at=99)
        await age(app, ImageRow, images[5]["id"], created_at=101)
        uploads = [(await app.upload(png(8, 8)))["sourceImage"] for _ in range(2)]
        await age(app, SourceImageRow, uploads[0]["id"], created_at=21)
        failed = await failed_batches(app, 4, 6)
        costs = await app.ask(COSTS)

        sweep = RetentionSweep(app.services, retention_of(app.settings))
        for _ in range(2):  # the second time has nothing to do
            await sweep.run()
            expected = {images[number]["id"] for number in (1, 2, 3, 5)}
            assert await purged(app) == expected
        statuses = [(await app.client.get(one["url"])).status_code for one in uploads]
        assert statuses == [404, 200]
        refused = (await app.ask(RETRY, id=failed[1]))["retryBatch"]["userErrors"]
        assert refused == [
            {
                "code": "BATCH_CONFLICT",
                "message": "The requests of the failed items have been erased.",
            }
        ]
        assert "batch_items" in await tables_with(app.services.database, WORD)  # the newer one
        assert await app.ask(COSTS) == costs
        assert (await audit(app.services.database)).is_clean

        # What has grown old since.
        await age(app, BatchRow, failed[0], finished_at=6)
        for image in images:
            await age(app, ImageRow, image["id"], created_at=200)
        await RetentionSweep(app.services, retention_of(app.settings)).run()
        assert len(await purged(app)) == len(images)
        assert await tables_with(app.services.database, WORD) == set()


async def test_nothing_is_erased_by_default_or_after_a_step_of_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_app(tmp_path, DAYS) as app:
        image = await app.image()
        await age(app, ImageRow, image["id"], created_at=1000)
        sweep = RetentionSweep(app.services, retention_of(app.settings))
        readings: list[Any] = []

        async def stepped(_self: object, _database: object) -> Any:
            readings.append(1)
            return ClockReading(now() + timedelta(days=9000), 3600.0)

        with monkeypatch.context() as patch:
            patch.setattr("gql_server.processes.clock_watch.ClockWatch.read", stepped)
            await sweep.run()
        assert readings
        assert await purged(app) == set()
        await sweep.run()
        assert await purged(app) == {image["id"]}
    defaults = retention_of(type(app.settings)())
    assert (defaults.deleted, defaults.images, defaults.uploads, defaults.requests) == (None,) * 4


async def failed_batches(app: RunningApp, *days: float) -> list[str]:
    """Make batches of one failed item each, that ended so many days ago."""
    made = []
    for number in days:
        batch, (item,) = await add_batch(
            app.services.database,
            ItemStatus.FAILED,
            user_id="default_user",
            status="failed",
            finished_at=now() - timedelta(days=number),
        )
        async with app.services.database.write() as connection:
            mine = update(BatchItemRow).where(col(BatchItemRow.id) == item.id)
            await connection.execute(mine.values(prompt=WORD, request={"prompt": WORD}))
        made.append(batch.id)
    return made
