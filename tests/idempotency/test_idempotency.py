"""Who works on a key, between processes: one at a time, and somebody always."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlmodel import col

from gql_server.database.engine.columns import table_of
from gql_server.database.engine.engine import Database
from gql_server.database.engine.present import present
from gql_server.database.queries.idempotency_keys import KeyScope, complete_key
from gql_server.database.queries.processes import register_process
from gql_server.database.tables.idempotency_keys import IdempotencyKeyRow
from gql_server.database.tables.processes import ProcessRow
from gql_server.domain.clock import now
from gql_server.domain.errors import GenerationFailed, IdempotencyConflict, IdempotencyInProgress
from gql_server.generation.tasks import RunningGenerations
from gql_server.idempotency import keys as idempotency
from gql_server.idempotency.keys import KEY_LIFETIME, Idempotency
from gql_server.idempotency.operations import Accepted, input_hash
from gql_server.processes import clock_watch
from gql_server.processes.lease import ProcessLease
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

SCOPE = KeyScope(user_id="ann", operation="paint", key="k")
LEASE = 20.0


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"c": {"y": [1, None], "x": "é"}, "a": [], "b": [{"z": 1.5, "d": True}, {"ü": ()}, "e"]},
    ],
)
def test_a_hash_is_that_of_the_input_as_json_with_sorted_names(given: dict[str, Any]) -> None:
    canonical = json.dumps(given, sort_keys=True, separators=(",", ":"))
    assert input_hash(given) == sha256(canonical.encode()).hexdigest()


class Work:
    """A request whose result is its id; it ends when it is let."""

    pending = IdempotencyInProgress

    def __init__(self, database: Database, result_id: str = "img_new") -> None:
        self._database = database
        self._result_id = result_id
        self.has_spent = False
        self.started = asyncio.Event()
        self.may_end = asyncio.Event()
        self.failure: Exception | None = None
        self.done: list[tuple[str, str]] = []

    async def accept(self) -> Accepted[None]:
        return Accepted(result_id=self._result_id, request=None, recorded={"seed": 7})

    async def find(self, result_id: str) -> str:
        return result_id

    async def run(self, accepted: Accepted[None], scope: KeyScope) -> str:
        return await self._do("made", accepted.result_id, scope)

    async def resume(
        self, result_id: str, recorded: Mapping[str, Any] | None, scope: KeyScope
    ) -> str:
        assert recorded == {"seed": 7}
        return await self._do("resumed", result_id, scope)

    async def _do(self, what: str, result_id: str, scope: KeyScope) -> str:
        self.done.append((what, result_id))
        self.started.set()
        await self.may_end.wait()
        if self.failure is not None:
            raise self.failure
        async with self._database.write() as connection:
            await complete_key(connection, scope, result_id=result_id)
        return result_id


class Server:
    """A process's part in it."""

    def __init__(self, database: Database, deadline: float = 10.0, *, lease: float = LEASE) -> None:
        self.lease = ProcessLease(database, seconds=lease)
        self.running = RunningGenerations(deadline_seconds=deadline)
        self.idempotency = Idempotency(
            database, self.lease, deadline_seconds=deadline, start=self.running.start
        )

    async def once(self, work: Work, digest: str = "hash") -> str:
        return await self.idempotency.run_once(SCOPE, digest, work)


async def add_key(database: Database, process_id: str, **changes: Any) -> None:
    row = IdempotencyKeyRow(
        user_id=SCOPE.user_id,
        operation=SCOPE.operation,
        key=changes.pop("key", SCOPE.key),
        input_hash="hash",
        result_id="img_old",
        accepted={"seed": 7},
        process_id=process_id,
        created_at=changes.pop("created_at", now()),
        **changes,
    )
    async with database.write() as connection:
        await connection.execute(insert(IdempotencyKeyRow), row.model_dump())


async def add_process(database: Database) -> str:
    async with database.write() as connection:
        await register_process(connection, "prc_silent")
    return "prc_silent"


async def key_rows(database: Database) -> dict[str, IdempotencyKeyRow]:
    table = table_of(IdempotencyKeyRow)
    async with database.read() as connection:
        rows = (await connection.execute(select(*table.columns))).mappings()
        return {row["key"]: IdempotencyKeyRow(**row) for row in rows}


async def has_seen(server: Server, result_id: str) -> None:
    """Wait until a server knows what another works on."""
    while not any(flight.result_id == result_id for flight in server.idempotency._calls.values()):
        await asyncio.sleep(0)


async def process_rows(database: Database) -> set[str]:
    async with database.read() as connection:
        return set((await connection.execute(select(col(ProcessRow.id)))).scalars())


@pytest.fixture(autouse=True)
def quick_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(idempotency, "_POLL_SECONDS", 0.02)


async def test_one_of_those_who_wait_takes_the_key_of_a_dead_process(database: Database) -> None:
    await add_key(database, await add_process(database))
    servers = [Server(database, 60, lease=3.0) for _ in range(3)]
    works = [Work(database) for _ in range(30)]
    for work in works:
        work.may_end.set()
    async with servers[0].lease.held(), servers[1].lease.held(), servers[2].lease.held():
        found = await asyncio.gather(
            *(servers[number % 3].once(work) for number, work in enumerate(works))
        )
    assert found == ["img_old"] * 30
    assert [done for work in works for done in work.done] == [("resumed", "img_old")]


async def test_the_key_of_a_process_that_ended_is_taken_at_once(database: Database) -> None:
    await add_key(database, "prc_that_has_no_row")
    work = Work(database)
    work.may_end.set()
    assert await Server(database).once(work) == "img_old"
    assert work.done == [("resumed", "img_old")]


async def test_the_key_of_a_living_process_is_waited_for(database: Database) -> None:
    await add_key(database, await add_process(database))
    server, work = Server(database, deadline=0.2), Work(database)
    with pytest.raises(IdempotencyInProgress) as caught:
        await server.once(work)
    assert caught.value.image_id == "img_old"
    with pytest.raises(IdempotencyConflict):
        await server.once(work, digest="of another input")
    assert work.done == []
    await server.idempotency.close()


async def test_no_one_looks_for_a_key_that_no_one_waits_for(database: Database) -> None:
    await add_key(database, await add_process(database))
    server = Server(database, deadline=0.1)
    with pytest.raises(IdempotencyInProgress):
        await server.once(Work(database))
    async with asyncio.timeout(WAIT_SECONDS):
        while server.idempotency._calls:
            await asyncio.sleep(0.01)


async def test_two_processes_at_the_same_instant_work_once(database: Database) -> None:
    first, second = Server(database), Server(database)
    works = [Work(database, "img_a"), Work(database, "img_b")]
    async with first.lease.held(), second.lease.held():
        calls = [
            asyncio.create_task(first.once(works[0])),
            asyncio.create_task(second.once(works[1])),
        ]
        starts = [asyncio.create_task(work.started.wait()) for work in works]
        await asyncio.wait(starts, return_when=asyncio.FIRST_COMPLETED)
        for work in works:
            work.may_end.set()
        found = await asyncio.gather(*calls)
        for start in starts:
            start.cancel()
    (done,) = works[0].done + works[1].done
    assert done[0] == "made"
    assert found == [done[1]] * 2


async def test_another_process_tries_again_what_failed_and_may_pass(database: Database) -> None:
    first, second = Server(database), Server(database)
    failing, waiting = Work(database, "img_a"), Work(database, "img_b")
    failing.failure = GenerationFailed("busy", retryable=True)
    waiting.may_end.set()
    async with first.lease.held(), second.lease.held():
        call = asyncio.create_task(first.once(failing))
        await failing.started.wait()
        waits = asyncio.create_task(second.once(waiting))
        await has_seen(second, "img_a")
        failing.may_end.set()
        with pytest.raises(GenerationFailed, match="busy"):
            await call
        assert await waits == "img_b"
    assert waiting.done == [("made", "img_b")]


async def test_another_process_reports_what_failed_for_good(database: Database) -> None:
    first, second = Server(database), Server(database)
    failing, waiting = Work(database), Work(database)
    failing.failure = GenerationFailed("never", retryable=False, provider_code=5004)
    async with first.lease.held(), second.lease.held():
        call = asyncio.create_task(first.once(failing))
        await failing.started.wait()
        waits = asyncio.create_task(second.once(waiting))
        await has_seen(second, "img_new")
        failing.may_end.set()
        for task in (call, waits):
            with pytest.raises(GenerationFailed, match="never") as caught:
                await task
            assert (caught.value.retryable, caught.value.provider_code) == (False, 5004)
    assert waiting.done == []


async def test_what_was_paid_and_failed_keeps_its_id(database: Database) -> None:
    first, second = Server(database), Server(database)
    failing, next_one = Work(database, "img_a"), Work(database, "img_b")
    failing.failure, failing.has_spent = GenerationFailed("disk", retryable=True), True
    failing.may_end.set()
    next_one.may_end.set()
    async with first.lease.held(), second.lease.held():
        with pytest.raises(GenerationFailed, match="disk"):
            await first.once(failing)
        assert await second.once(next_one) == "img_a"
    assert next_one.done == [("resumed", "img_a")]


async def test_a_process_that_was_taken_for_dead_settles_nothing_of_its_successor(
    database: Database,
) -> None:
    first, second = Server(database), Server(database)
    slow, successor = Work(database, "img_a"), Work(database, "img_b")
    slow.failure = GenerationFailed("late", retryable=False)
    async with second.lease.held():
        call = asyncio.create_task(first.once(slow))
        await slow.started.wait()
        takes = asyncio.create_task(second.once(successor))
        await successor.started.wait()
        slow.may_end.set()
        with pytest.raises(GenerationFailed):
            await call
        assert (await key_rows(database))["k"].completed_at is None
        successor.may_end.set()
        assert await takes == "img_a"


async def test_old_keys_are_swept_and_no_others(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "_SWEEP_LIMIT", 2)
    old, young = now() - KEY_LIFETIME - timedelta(minutes=1), now() - timedelta(hours=23)
    alive = await add_process(database)
    for number in range(3):
        await add_key(database, "prc_gone", key=f"done {number}", completed_at=old)
    await add_key(database, "prc_gone", key="given up", created_at=old)
    await add_key(database, "prc_gone", key="done lately", created_at=old, completed_at=young)
    await add_key(database, "prc_gone", key="given up lately")
    await add_key(database, alive, key="long work", created_at=old)
    await Server(database).idempotency.sweep()
    assert set(await key_rows(database)) == {"done lately", "given up lately", "long work"}


async def test_a_step_of_the_clock_forgets_no_key(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    idempotency = Server(database).idempotency
    step = timedelta(days=365)
    async with idempotency.swept(seconds=3600):  # the clock steps before the first sweep
        await add_key(database, "prc_gone", completed_at=now())
        monkeypatch.setattr(clock_watch, "present", partial(present, ago=-step))
        for _ in range(2):
            await idempotency.sweep()
            assert set(await key_rows(database)) == {"k"}


async def test_a_process_beats_while_it_serves(database: Database) -> None:
    silent = await add_process(database)
    await add_key(database, "prc_dead")
    lease = ProcessLease(database, seconds=1.0)
    rival = Idempotency(
        database, ProcessLease(database, seconds=1.0), deadline_seconds=0.2, start=_starts_nothing
    )
    async with lease.held():
        async with database.write() as connection:
            await connection.execute(update(IdempotencyKeyRow).values(process_id=lease.process_id))
        for _ in range(8):
            with pytest.raises(IdempotencyInProgress):
                await rival.run_once(SCOPE, "hash", Work(database))
        async with asyncio.timeout(30):
            while silent in await process_rows(database):
                await asyncio.sleep(0.05)
        assert lease.process_id in await process_rows(database)
        await rival.close()
    assert not await process_rows(database)


def _starts_nothing(*_: object) -> asyncio.Task[Any]:
    raise AssertionError("the key of a living process was taken over")
