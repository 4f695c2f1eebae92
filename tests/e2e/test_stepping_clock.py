"""Servers whose wall clock steps while they work: that costs at most the rate limit's window.

One step here; `make test-survival` tries the others, on both databases, and clocks that differ.
"""

import asyncio
import signal
import sqlite3
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from gql_server.database.engine.engine import Database
from gql_server.database.engine.migration import migrate
from gql_server.domain.rate_limits import SECOND, RateLimit
from gql_server.jobs.engine_database import migrate_engine
from tests.support.batch_client import BatchClient
from tests.support.postgres import PostgresServer, running_postgres
from tests.support.process import server_process, worker_process, workers_ai_environment
from tests.support.receiver import Receiver
from tests.support.running_app import FLUX, GENERATE
from tests.support.stepping_clock import SteppingClock, stepping_clock
from tests.support.waiting import WAIT_SECONDS
from tests.support.worker_cluster import called
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

PER_MINUTE: Final = 600
WINDOW: Final = RateLimit(PER_MINUTE).furthest / SECOND
ROOM: Final = WAIT_SECONDS
"""Seconds that a busy machine may take longer."""

ALLOWANCE, ALLOWANCE_PER_SECOND = 100_000, 10_000

HOUR, DAY, YEAR = timedelta(hours=1), timedelta(days=1), timedelta(days=365)
BATCH: Final = 16
SECRET: Final = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
GENERATE_BATCH: Final = """mutation B($input: GenerateBatchInput!) {
  generateBatch(input: $input) { batch { id } userErrors { message } } }"""
SET_BUDGET: Final = """mutation { setBudget(input: {limit: 50, period: MONTHLY}) {
  userErrors { message } } }"""
REMAINING: Final = "{ viewer { rateLimit { limit remaining } } }"
PAID: Final = (
    "SELECT (SELECT count(*) FROM images), count(*), count(DISTINCT image_id), "
    "(SELECT count(*) FROM reservations) FROM charges"
)


class PatientClient(BatchClient):
    """A client that waits for its allowance.

    After a step back, it may take as long as one that was used up.
    """

    async def answer(self, query: str, **variables: Any) -> dict[str, Any]:
        while True:
            answer = await super().answer(query, **variables)
            if "errors" not in answer:
                return answer
            (error,) = answer["errors"]
            assert error["extensions"]["code"] == "RATE_LIMITED", error
            assert error["extensions"]["retryAfter"] <= ALLOWANCE / ALLOWANCE_PER_SECOND + 1
            await asyncio.sleep(error["extensions"]["retryAfter"])


class Shop:
    """A client of a server whose clock steps."""

    def __init__(
        self, folder: Path, settings: dict[str, str], fake_workers_ai: FakeWorkersAI
    ) -> None:
        self.folder = folder
        self.settings = settings
        self.fake_workers_ai = fake_workers_ai
        self.client = PatientClient("")

    async def generate(self, key: str | None = None) -> dict[str, Any]:
        """Run generateImage; return its payload."""
        image = {"prompt": "A red fox", "model": FLUX, "idempotencyKey": key}
        payload: dict[str, Any] = (await self.client.ask(GENERATE, input=image))["generateImage"]
        return payload

    async def made(self, key: str | None = None) -> str:
        """Ask for a picture until it is made, as ``retryable`` invites to; return its ID."""
        while (payload := await self.generate(key))["image"] is None:
            (error,) = payload["userErrors"]
            assert error.get("retryable") or "imageId" in error, error
            await asyncio.sleep(0.5)
        image_id: str = payload["image"]["id"]
        return image_id

    async def batch(self, pictures: int, webhook_url: str | None = None) -> str:
        """Have a batch accepted; return its ID."""
        prompts = {"prompts": [f"A red fox, {number}" for number in range(pictures)]}
        given = {"model": FLUX, "pictures": prompts, "webhookUrl": webhook_url}
        payload = (await self.client.ask(GENERATE_BATCH, input=given))["generateBatch"]
        assert payload["userErrors"] == []
        batch_id: str = payload["batch"]["id"]
        return batch_id

    async def ended(self, batch_id: str) -> None:
        """Wait for a batch's end, all of whose pictures must be made."""
        batch = await self.client.ended(batch_id, seconds=WINDOW + ROOM)
        assert (batch["status"], batch["succeeded"]) == ("SUCCEEDED", batch["total"])

    async def allowance(self) -> dict[str, int]:
        """Return what the caller may spend."""
        found: dict[str, int] = (await self.client.ask(REMAINING))["viewer"]["rateLimit"]
        return found

    def paid(self) -> tuple[int, ...]:
        """Count images, charges, images that were charged, and what is held still."""
        if url := self.settings.get("DATABASE_URL"):
            with psycopg.connect(url) as connection:
                row = connection.execute(PAID).fetchone()
        else:
            with closing(sqlite3.connect(self.folder / "data" / "gql_server.db")) as connection:
                row = connection.execute(PAID).fetchone()
        assert row is not None
        return tuple(int(value) for value in row)


@pytest.fixture
def clock() -> Iterator[SteppingClock]:
    with stepping_clock() as clock:
        yield clock


@pytest.fixture
def shop(tmp_path: Path, fake_workers_ai: FakeWorkersAI, clock: SteppingClock) -> Shop:
    """On SQLite."""
    fake_workers_ai.latency = 0.5
    settings = workers_ai_environment(
        fake_workers_ai,
        WORKERS_AI_REQUESTS_PER_MINUTE=str(PER_MINUTE),
        BATCH_CONCURRENCY="4",
        PROCESS_LEASE="10",
        ALLOWANCE=str(ALLOWANCE),
        ALLOWANCE_PER_SECOND=str(ALLOWANCE_PER_SECOND),
        WEBHOOK_SECRET=SECRET,
        WEBHOOK_ALLOW_PRIVATE="true",
        **clock.environment,
    )
    return Shop(tmp_path, settings, fake_workers_ai)


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(
    request: pytest.FixtureRequest, clock: SteppingClock
) -> AsyncIterator[dict[str, str]]:
    """The setting of a database on a server that lives by the same clock; none for SQLite."""
    if request.param == "sqlite":
        yield {}
        return
    with clock.inherited(), running_postgres() as server:
        name = server.create_database()
        await migrate_engine(server.url(name))
        database = Database(server.url(name))
        await migrate(database)
        await database.close()
        yield {"DATABASE_URL": server.setting(name)}


@pytest.mark.processes
async def test_an_hour_back_stops_neither_an_image_nor_a_batch(
    shop: Shop, clock: SteppingClock
) -> None:
    async with server_process(shop.folder, shop.settings) as running:
        shop.client.url = running.url
        keyed = await shop.made("before")
        batch_id = await shop.batch(16)
        await called(shop.fake_workers_ai, 3)
        await clock.is_ahead_by(-HOUR)
        began = time.monotonic()
        await shop.made()
        await shop.ended(batch_id)
        assert time.monotonic() - began < WINDOW + ROOM
        assert await shop.made("before") == keyed
    assert shop.paid() == (18, 18, 18, 0)
    assert len(shop.fake_workers_ai.requests) == 18


@pytest.mark.survival
@pytest.mark.timeout(900)
@pytest.mark.parametrize("step", [-HOUR, HOUR, -DAY, DAY, -YEAR, YEAR], ids=str)
async def test_a_step_costs_at_most_the_window_of_the_rate_limit(
    shop: Shop,
    clock: SteppingClock,
    receiver: Receiver,
    database_url: dict[str, str],
    step: timedelta,
) -> None:
    shop.settings |= database_url
    async with server_process(shop.folder, shop.settings) as running:
        shop.client.url = running.url
        await shop.client.ask(SET_BUDGET)
        keyed = await shop.made("before")
        receiver.next(503, 503)
        reported = await shop.batch(1, receiver.url)
        await shop.ended(reported)
        await receiver.until(2)  # the next delivery is put off by half a minute
        batch_id = await shop.batch(BATCH)
        await called(shop.fake_workers_ai, 4)
        in_flight = asyncio.create_task(shop.made("during"))
        await called(shop.fake_workers_ai, 6)

        await clock.is_ahead_by(step)
        began = time.monotonic()
        await shop.made()
        assert time.monotonic() - began < WINDOW + ROOM
        await shop.ended(batch_id)
        assert await shop.made("before") == keyed
        assert await shop.made("during") == await in_flight
        async with asyncio.timeout(60 + WINDOW + ROOM):  # jobs are looked through once a minute
            while len(receiver.received) < 3:
                await asyncio.sleep(0.1)
        assert (await shop.allowance())["remaining"] > 50_000
        assert shop.paid() == (BATCH + 4,) * 3 + (0,)
        assert len(shop.fake_workers_ai.requests) == BATCH + 4

        batch_id = await shop.batch(BATCH)
        await called(shop.fake_workers_ai, BATCH + 8)
        running.process.kill()
    await clock.is_ahead_by(timedelta(0))
    async with server_process(shop.folder, shop.settings) as running:
        shop.client.url = running.url
        await asyncio.gather(shop.made("after"), shop.ended(batch_id))
        assert await shop.made("before") == keyed
        running.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WAIT_SECONDS):
            assert (await running.end())[0] == -signal.SIGTERM
    assert shop.paid() == (2 * BATCH + 5,) * 3 + (0,)


@pytest.mark.survival
@pytest.mark.timeout(900)
@pytest.mark.parametrize("difference", [-HOUR, HOUR], ids=str)
async def test_a_server_and_a_worker_whose_clocks_differ_work_together(
    shop: Shop,
    receiver: Receiver,
    postgres: PostgresServer,
    migrated_postgres: str,
    difference: timedelta,
) -> None:
    shop.settings["DATABASE_URL"] = postgres.setting(postgres.create_database(migrated_postgres))
    with stepping_clock() as other:
        await other.is_ahead_by(difference)
        async with (
            server_process(shop.folder, shop.settings, "--no-worker") as running,
            worker_process(shop.folder, {**shop.settings, **other.environment}) as worker,
        ):
            shop.client.url = running.url
            await shop.client.ask(SET_BUDGET)
            receiver.next(503)
            began = time.monotonic()
            batch_id = await shop.batch(BATCH, receiver.url)
            keyed, _ = await asyncio.gather(shop.made("k"), shop.ended(batch_id))
            await receiver.until(2)
            assert time.monotonic() - began < WINDOW + ROOM
            assert await shop.made("k") == keyed
            assert shop.paid() == (BATCH + 1,) * 3 + (0,)
            assert len(shop.fake_workers_ai.requests) == BATCH + 1
            await _goes_on_after_its_death(shop, worker)


async def _goes_on_after_its_death(shop: Shop, worker: Process) -> None:
    batch_id = await shop.batch(BATCH)
    await called(shop.fake_workers_ai, BATCH + 5)
    worker.kill()
    async with worker_process(shop.folder, shop.settings):
        await shop.ended(batch_id)
    assert shop.paid() == (2 * BATCH + 1,) * 3 + (0,)
