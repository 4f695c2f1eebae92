"""What a budget still holds when a server dies or freezes at a step of a generation.

At every moment, what was spent and what is held cover what can still be charged, and a hard budget
is never exceeded. Two cases here; `make test-survival` tries every step.
"""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

import httpx
import psycopg
import pytest
from sqlalchemy import text

from tests.support.clock import step_clock
from tests.support.faulty_proxy import FaultyProxy, Hold, running_proxy
from tests.support.postgres import PostgresServer
from tests.support.process import server_process, workers_ai_environment
from tests.support.running_app import FLUX, GENERATE, RunningApp, running_app, workers_ai_settings
from tests.support.s3 import ACCESS_KEY_ID, SECRET_ACCESS_KEY, S3Server
from tests.support.waiting import WAIT_SECONDS, until
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

PRICE: Final = 10_000_000
SET_BUDGET: Final = """mutation { setBudget(input: {limit: 0.01, period: MONTHLY}) {
  userErrors { message } } }"""
GENERATE_BATCH: Final = """mutation { generateBatch(input: {
  model: "%s", pictures: {prompts: ["A red fox"]} }) { batch { id } userErrors { code } } }""" % (
    FLUX
)
MONEY: Final = """SELECT
  (SELECT coalesce(sum(amount), 0) FROM charges) AS spent,
  (SELECT coalesce(sum(amount), 0) FROM reservations) AS held,
  (SELECT count(*) FROM images) AS images,
  (SELECT count(*) FROM batch_items WHERE status IN ('queued', 'running')) AS open_items"""

PLAIN: Final = {"prompt": "A red fox", "model": FLUX}
KEYED: Final = PLAIN | {"idempotencyKey": "k"}

Mode = Literal["plain", "keyed", "batch"]
Step = Literal["reserving", "asking", "keeping", "kept", "recording"]
End = Literal["killed", "frozen"]


@dataclass(frozen=True)
class Money:
    """How the ledger stands."""

    spent: int
    held: int
    images: int
    open_items: int


class Scene:
    """A server that stops at a step, and what stands around it.

    Attributes:
        environment: The settings of that server, which reaches the store through a proxy.
        settings: Those of another server on the same database and store.
        answer: What the server answers, where it does.
    """

    def __init__(
        self, fake_workers_ai: FakeWorkersAI, s3: S3Server, proxy: FaultyProxy, database_url: str
    ) -> None:
        self._fake_model = fake_workers_ai
        self._s3 = s3
        self._proxy = proxy
        self._database_url = database_url
        self._bucket = s3.make_bucket()
        self.mode: Mode = "plain"
        self.answer: asyncio.Task[dict[str, Any]]
        store = {
            "r2_bucket": self._bucket,
            "r2_access_key_id": ACCESS_KEY_ID,
            "r2_secret_access_key": SECRET_ACCESS_KEY,
            "r2_endpoint_url": s3.endpoint_url,
        }
        shared = store | {"database_url": database_url, "process_lease": "2"}
        self.settings: Final = workers_ai_settings(fake_workers_ai) | shared
        self.environment: Final = workers_ai_environment(
            fake_workers_ai, **{name.upper(): value for name, value in shared.items()}
        ) | {"R2_ENDPOINT_URL": proxy.url}

    def pictures(self) -> int:
        """Count the pictures in the store."""
        found = self._s3.client.list_objects_v2(Bucket=self._bucket, Prefix="generated/")
        count: int = found["KeyCount"]
        return count

    @asynccontextmanager
    async def held_at(self, step: Step, url: str) -> AsyncIterator[None]:
        """Ask, and hold what is asked for at a step until the end of the block."""
        if step in {"reserving", "recording"}:
            table = "reservations" if step == "reserving" else "charges"
            async with await psycopg.AsyncConnection.connect(self._database_url) as connection:
                await connection.execute(f"LOCK TABLE {table} IN SHARE MODE".encode())
                self.answer = asyncio.create_task(self._ask(url))
                await self._until_a_lock_is_waited_for()
                yield
            return
        if step == "asking":
            with self._fake_model.held():
                self.answer = asyncio.create_task(self._ask(url))
                await until(lambda: bool(self._fake_model.requests))
                yield
            return
        hold = self._proxy.hold = Hold(is_written=step == "kept")
        self.answer = asyncio.create_task(self._ask(url))
        async with asyncio.timeout(WAIT_SECONDS):
            await hold.reached.wait()
        try:
            yield
        finally:
            hold.released.set()

    async def _ask(self, url: str) -> dict[str, Any]:
        if self.mode == "batch":
            return await ask(url, GENERATE_BATCH)
        given = KEYED if self.mode == "keyed" else PLAIN
        return await ask(url, GENERATE, input=given)

    async def _until_a_lock_is_waited_for(self) -> None:
        # Not by the connection that holds the lock: its statistics are those of its transaction.
        async with (
            await psycopg.AsyncConnection.connect(self._database_url, autocommit=True) as watching,
            asyncio.timeout(WAIT_SECONDS),
        ):
            waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            while True:
                row = await (await watching.execute(waiting)).fetchone()
                if row is not None and row[0]:
                    return
                await asyncio.sleep(0.02)


class Scenes:
    """Opens scenes, each with a database and a bucket of its own."""

    def __init__(
        self, fake_workers_ai: FakeWorkersAI, s3: S3Server, postgres: PostgresServer, template: str
    ) -> None:
        self._fake_model = fake_workers_ai
        self._s3 = s3
        self._postgres = postgres
        self._template = template

    @asynccontextmanager
    async def opened(self, mode: Mode) -> AsyncIterator[Scene]:
        """Open a scene in which pictures are asked for in this way."""
        database = self._postgres.create_database(self._template)
        async with running_proxy(self._s3.endpoint_url) as proxy:
            scene = Scene(self._fake_model, self._s3, proxy, self._postgres.setting(database))
            scene.mode = mode
            yield scene


@pytest.fixture
def scenes(
    fake_workers_ai: FakeWorkersAI, s3: S3Server, postgres: PostgresServer, migrated_postgres: str
) -> Scenes:
    return Scenes(fake_workers_ai, s3, postgres, migrated_postgres)


async def money(app: RunningApp) -> Money:
    async with app.services.database.read() as connection:
        row = (await connection.execute(text(MONEY))).one()
    return Money(*(int(value) for value in row))


async def ask(url: str, query: str, **variables: Any) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=url, timeout=2 * WAIT_SECONDS) as client:
        response = await client.post("/graphql", json={"query": query, "variables": variables})
    answer: dict[str, Any] = response.json()
    return answer


async def until_alone(app: RunningApp) -> None:
    """Wait until the other process was declared dead."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            async with app.services.database.read() as connection:
                found = await connection.execute(text("SELECT count(*) FROM processes"))
            if found.scalar_one() <= 1:
                return
            await asyncio.sleep(0.1)


async def is_refused(app: RunningApp) -> bool:
    """Ask for another picture; return whether the budget refused it."""
    payload = await app.generate()
    if payload["image"] is not None:
        return False
    assert [error["code"] for error in payload["userErrors"]] == ["BUDGET_EXCEEDED"]
    return True


CASES: Final = [
    pytest.param(
        mode,
        step,
        end,
        marks=()
        if (mode, step, end) in {("keyed", "kept", "killed"), ("plain", "asking", "frozen")}
        else pytest.mark.survival,
    )
    for mode in ("plain", "keyed", "batch")
    for step in ("reserving", "asking", "keeping", "kept", "recording")
    for end in ("killed", "frozen")
    if (mode, step) != ("batch", "reserving")  # it holds its money before it is accepted
]


@pytest.mark.parametrize(("mode", "step", "end"), CASES)
async def test_what_may_still_be_charged_stays_held(
    tmp_path: Path, scenes: Scenes, mode: Mode, step: Step, end: End
) -> None:
    async with scenes.opened(mode) as scene, AsyncExitStack() as stack:
        first = await stack.enter_async_context(server_process(tmp_path, scene.environment))
        await ask(first.url, SET_BUDGET)
        async with scene.held_at(step, first.url):
            first.process.send_signal(signal.SIGKILL if end == "killed" else signal.SIGSTOP)
        if mode == "batch":
            await scene.answer
        other = await stack.enter_async_context(
            running_app(tmp_path / "other", scene.settings, runs_jobs=mode == "batch")
        )
        await until_alone(other)
        await step_clock(other.services.database, timedelta(minutes=3))  # beyond GRACE
        may_be_charged = mode != "plain" and step != "reserving"
        now = await money(other)
        assert now.spent + now.held <= PRICE
        assert now.spent + now.held == PRICE or not may_be_charged
        assert await is_refused(other) == may_be_charged
        await finish(other, mode, is_held=may_be_charged)
        if end == "frozen":
            first.process.send_signal(signal.SIGCONT)
            answer = await scene.answer
            if mode == "plain" and step != "reserving":
                (error,) = answer["data"]["generateImage"]["userErrors"]
                assert error["code"] == "BUDGET_EXCEEDED"
        else:
            with suppress(httpx.TransportError):
                await scene.answer
        async with asyncio.timeout(WAIT_SECONDS):
            while (await money(other)).held:
                await asyncio.sleep(0.1)
        assert await is_refused(other)
        assert await money(other) == Money(spent=PRICE, held=0, images=1, open_items=0)
        # Of a request that nobody can resume, what a dead server kept is an orphan; so is what was
        # on its way to the store, if it still arrived.
        is_lost = (mode, end) == ("plain", "killed")
        is_orphaned = is_lost and step in {"kept", "recording"}
        may_have_arrived = is_lost and step == "keeping"
        assert scene.pictures() in {1 + is_orphaned, 1 + (is_orphaned or may_have_arrived)}


async def finish(other: RunningApp, mode: Mode, *, is_held: bool) -> None:
    """Have the other server finish what the first began, if it can be paid."""
    if mode == "keyed":
        payload = await other.generate(**KEYED)
        if is_held:
            assert payload["image"]["cost"] == 0.01
        else:
            assert [error["code"] for error in payload["userErrors"]] == ["BUDGET_EXCEEDED"]
    async with asyncio.timeout(WAIT_SECONDS):
        while (await money(other)).open_items:
            await asyncio.sleep(0.1)
