"""Images that wait at their provider: what the caller is told about money holds."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from gql_server.database.tables.budgets import ReservationRow
from gql_server.database.tables.remote_images import RemoteImageRow
from gql_server.domain.clock import now
from gql_server.generation.late_images import finish_late_images
from gql_server.inference.workers_ai.client import WorkersAI
from gql_server.storage.store import StoreMisconfigured, StoreUnavailable
from tests.support.running_app import RunningApp
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import Reply

pytestmark = pytest.mark.anyio

WAN = "alibaba/wan-2.6-image"
DOWN = Reply(body=b"", status=503)
SET_BUDGET = """mutation { setBudget(input: {limit: 0.03, period: MONTHLY}) {
  userErrors { code } } }"""


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {**(WorkersAI.__init__.__kwdefaults__ or {}), "fetch_waits": ()}
    monkeypatch.setattr(WorkersAI.__init__, "__kwdefaults__", chosen)


async def sweep(app: RunningApp, **values: Any) -> None:
    async with app.services.database.write() as connection:
        await connection.execute(
            update(RemoteImageRow).values(next_try_at=now() - timedelta(seconds=1), **values)
        )
    await finish_late_images(app.services)


async def images(app: RunningApp) -> list[str]:
    data = await app.ask("{ images { edges { node { id } } } }")
    return [edge["node"]["id"] for edge in data["images"]["edges"]]


async def total(app: RunningApp) -> float:
    return float((await app.ask("{ costAnalytics { totalCost } }"))["costAnalytics"]["totalCost"])


async def count(app: RunningApp, table: type) -> int:
    async with app.services.database.read() as connection:
        found = await connection.execute(select(func.count()).select_from(table))
    return int(found.scalar_one())


@pytest.mark.parametrize("key", [None, "a"])
async def test_an_image_that_the_store_does_not_take_is_pending_and_charged_once(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(type(app.services.store), "put", _refuse(StoreUnavailable("down")))
        (error,) = (await app.generate(model=WAN, idempotencyKey=key))["userErrors"]
    assert error["code"] == "GENERATION_PENDING"
    await sweep(app)
    assert await images(app) == [error["imageId"]]
    assert await total(app) == 0.03


@pytest.mark.parametrize("key", [None, "a"])
async def test_an_image_that_was_reported_as_failed_is_never_charged(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch, key: str | None
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(type(app.services.store), "put", _refuse(StoreMisconfigured("no")))
        (error,) = (await app.generate(model=WAN, idempotencyKey=key))["userErrors"]
    assert error["code"] == "GENERATION_FAILED"
    await sweep(app)
    assert await images(app) == []
    assert await total(app) == 0


async def test_pending_images_count_against_a_hard_budget(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    await app.ask(SET_BUDGET)
    fake_workers_ai.file_replies.extend([DOWN] * 2)
    codes = [(await app.generate(model=WAN))["userErrors"][0]["code"] for _ in range(3)]
    assert codes == ["GENERATION_PENDING", "BUDGET_EXCEEDED", "BUDGET_EXCEEDED"]
    assert len(fake_workers_ai.requests) == 1
    await app.services.reservations.sweep()
    assert await count(app, ReservationRow) == 1
    fake_workers_ai.file_replies.clear()
    await sweep(app)
    assert await total(app) == 0.03
    assert await count(app, ReservationRow) == 0


async def test_a_pending_image_that_expires_releases_its_money(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    await app.ask(SET_BUDGET)
    fake_workers_ai.file_replies.extend([DOWN] * 2)
    await app.generate(model=WAN)
    await sweep(app, expires_at=now() - timedelta(seconds=1))
    await app.services.reservations.sweep()
    assert await count(app, ReservationRow) == 0
    assert (await app.image(model=WAN))["cost"] == 0.03


async def test_an_image_that_exceeds_a_budget_is_forgotten(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.file_replies.append(DOWN)
    await app.generate(model=WAN)  # no budget applies, and nothing is reserved
    await app.ask(SET_BUDGET.replace("0.03", "0.01"))
    await sweep(app)
    assert await count(app, RemoteImageRow) == 0
    assert await total(app) == 0


def _refuse(error: Exception) -> Any:
    async def put(*_args: Any, **_named: Any) -> None:
        raise error

    return put
