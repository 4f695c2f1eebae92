"""The sweep that finishes images: with their keys, one by one, whatever is in a row."""

from datetime import timedelta
from typing import Any

import pytest
import structlog
from sqlalchemy import func, select, update

from gql_server.database.tables.idempotency_keys import IdempotencyKeyRow
from gql_server.database.tables.remote_images import RemoteImageRow
from gql_server.domain.clock import now
from gql_server.domain.errors import GenerationPending
from gql_server.generation.late_images import finish_late_images
from gql_server.inference.workers_ai.client import WorkersAI
from gql_server.processes.lease import ProcessLease
from tests.support.running_app import RunningApp
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import Reply

pytestmark = pytest.mark.anyio

WAN = "alibaba/wan-2.6-image"
DOWN = Reply(body=b"", status=503)


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {**(WorkersAI.__init__.__kwdefaults__ or {}), "fetch_waits": ()}
    monkeypatch.setattr(WorkersAI.__init__, "__kwdefaults__", chosen)


async def change(app: RunningApp, image_id: str, **values: Any) -> None:
    statement = update(RemoteImageRow).where(RemoteImageRow.image_id == image_id)  # type: ignore[arg-type] # SQLModel
    async with app.services.database.write() as connection:
        await connection.execute(
            statement.values(**{"next_try_at": now() - timedelta(seconds=1), **values})
        )


async def pending(app: RunningApp, fake_workers_ai: FakeWorkersAI, key: str | None = None) -> str:
    fake_workers_ai.file_replies.append(DOWN)
    (error,) = (await app.generate(model=WAN, idempotencyKey=key))["userErrors"]
    assert error["code"] == "GENERATION_PENDING"
    image_id: str = error["imageId"]
    return image_id


async def images(app: RunningApp) -> list[str]:
    data = await app.ask("{ images { edges { node { id } } } }")
    return [edge["node"]["id"] for edge in data["images"]["edges"]]


async def open_keys(app: RunningApp) -> int:
    open_key = IdempotencyKeyRow.completed_at.is_(None)  # type: ignore[union-attr] # SQLModel
    statement = select(func.count()).select_from(IdempotencyKeyRow).where(open_key)
    async with app.services.database.read() as connection:
        return int((await connection.execute(statement)).scalar_one())


async def remembered(app: RunningApp) -> int:
    async with app.services.database.read() as connection:
        found = await connection.execute(select(func.count()).select_from(RemoteImageRow))
    return int(found.scalar_one())


async def test_the_key_of_an_image_that_the_sweep_finished_is_completed(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    image_id = await pending(app, fake_workers_ai, "a")
    await change(app, image_id)
    assert await open_keys(app) == 1
    await finish_late_images(app.services)
    assert await open_keys(app) == 0
    assert (await app.image(model=WAN, idempotencyKey="a"))["id"] == image_id


async def test_a_resumed_key_whose_image_is_stored_is_completed(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    image_id = await pending(app, fake_workers_ai, "a")
    await change(app, image_id)
    await finish_late_images(app.services)
    async with app.services.database.write() as connection:
        await connection.execute(update(IdempotencyKeyRow).values(completed_at=None))
    assert (await app.image(model=WAN, idempotencyKey="a"))["id"] == image_id
    assert await open_keys(app) == 0


async def test_a_row_that_cannot_be_read_does_not_stop_the_others(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    bad, good = await pending(app, fake_workers_ai), await pending(app, fake_workers_ai)
    await change(app, good)
    await change(app, bad, accepted={"model": WAN}, next_try_at=now() - timedelta(minutes=1))
    await finish_late_images(app.services)
    assert await images(app) == [good]


async def test_an_image_whose_row_a_fast_clock_wrote_is_due(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    image_id = await pending(app, fake_workers_ai)
    await change(app, image_id, next_try_at=now() + timedelta(days=1))
    await finish_late_images(app.services)
    assert await images(app) == [image_id]


async def test_an_image_of_a_process_that_died_is_due_at_once(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    owner = ProcessLease(app.services.database, seconds=30)
    image_id = await pending(app, fake_workers_ai)
    in_ten_minutes = now() + timedelta(minutes=10)
    async with owner.held():
        await change(app, image_id, process_id=owner.process_id, next_try_at=in_ten_minutes)
        await finish_late_images(app.services)
        assert await images(app) == []
    fake_workers_ai.file_replies.append(DOWN)
    await finish_late_images(app.services)  # it is this process's now, and waits its turn
    await finish_late_images(app.services)
    assert await images(app) == []
    await change(app, image_id, process_id=owner.process_id, next_try_at=in_ten_minutes)
    await finish_late_images(app.services)
    assert await images(app) == [image_id]
    assert fake_workers_ai.file_requests == 3
    assert len(fake_workers_ai.requests) == 1


async def test_rows_of_batches_are_forgotten_long_after_they_expired(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    old, new = await pending(app, fake_workers_ai), await pending(app, fake_workers_ai)
    await change(app, old, batch_id="bat_1", expires_at=now() - timedelta(days=8))
    await change(app, new, batch_id="bat_1", expires_at=now() - timedelta(days=1))
    await finish_late_images(app.services)
    assert await remembered(app) == 1


async def test_without_a_budget_no_reservation_is_reported_as_lost(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    image_id = await pending(app, fake_workers_ai)
    await change(app, image_id)
    with structlog.testing.capture_logs() as lines:
        await finish_late_images(app.services)
    events = [line["event"] for line in lines]
    assert "late_image_finished" in events
    assert "reservation_lost" not in events


async def test_an_image_that_was_stored_before_its_row_is_forgotten_with_it(
    app: RunningApp, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id = await pending(app, fake_workers_ai)
    await change(app, image_id)
    with monkeypatch.context() as broken:
        broken.setattr("gql_server.generation.produce.save_row", _no_database)
        await finish_late_images(app.services)
    await change(app, image_id)
    await finish_late_images(app.services)
    assert await images(app) == [image_id]
    assert await remembered(app) == 0


async def _no_database(*_args: Any) -> None:
    raise GenerationPending("img_1")
