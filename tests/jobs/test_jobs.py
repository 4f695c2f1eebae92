"""What jobs promise, in one process that runs them."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text

from gql_server.database.engine.engine import Database
from gql_server.domain.clock import now
from gql_server.jobs import rescue as rescuing
from gql_server.jobs import runner as running
from gql_server.jobs.engine import JobEngine
from gql_server.jobs.engine_database import engine_url
from gql_server.jobs.jobs import Jobs
from gql_server.jobs.kinds import Attempt, Interrupted, Job, JobKind, JobRun, Priority
from gql_server.jobs.queue import JobQueue
from gql_server.processes.lease import ProcessLease
from tests.jobs.conftest import MakeJobs
from tests.support.postgres import PostgresServer
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

ON_SQLITE = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


class Journal:
    """A handler that writes down the runs it was given."""

    def __init__(self, *, failures: int = 0) -> None:
        self.runs: list[JobRun] = []
        self._failures = failures
        self.reported: list[tuple[str, str]] = []
        self.unreported = 0

    async def handle(self, run: JobRun) -> None:
        self.runs.append(run)
        if self._failures:
            self._failures -= 1
            raise ValueError("out of ink")

    async def on_failure(self, run: JobRun, reason: str) -> None:
        if self.unreported:
            self.unreported -= 1
            raise ConnectionError("nobody listens")
        self.reported.append((run.job_id, reason))

    @property
    def ids(self) -> list[str]:
        return [run.job_id for run in self.runs]

    async def until(self, runs: int = 0, reported: int = 0) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while len(self.runs) < runs or len(self.reported) < reported:
                await asyncio.sleep(0.01)


async def test_idle_connections_are_given_back(
    postgres: PostgresServer, migrated_postgres: str
) -> None:
    database = Database(postgres.url(postgres.create_database(migrated_postgres)))
    jobs = Jobs(
        database,
        ProcessLease(database, seconds=30),
        url=database.engine.url,
        concurrency=1,
        stop_seconds=0,
    )
    jobs.register("draw", Journal().handle)

    async def connections() -> int:
        count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        async with database.read() as connection:
            found = await connection.execute(
                text(count + "AND application_name = 'gql_server jobs'")
            )
        open_now: int = found.scalar_one()
        return open_now

    try:
        await asyncio.gather(*(jobs.enqueue(Job(f"job_{n}", "draw", "", "user")) for n in range(8)))
        assert await connections() > 1
        await jobs.give_back_idle()
        async with asyncio.timeout(WAIT_SECONDS):
            while await connections() > 1:
                await asyncio.sleep(0.02)
    finally:
        await jobs.close()
        await database.close()


async def test_users_take_turns_and_priorities_order_the_jobs_of_each(make_jobs: MakeJobs) -> None:
    jobs, journal = make_jobs(concurrency=4), Journal()
    jobs.register("draw", journal.handle)
    await jobs.enqueue(*(Job(f"many_{n}", "draw", "", "greedy") for n in range(50)))
    await jobs.enqueue(*(Job(f"few_{n}", "draw", "", "modest") for n in range(3)))
    orders = [(Priority.LOW, 3), (Priority.NORMAL, 3), (Priority.HIGH, 3)]
    for priority, count in orders:
        await jobs.enqueue(
            *(Job(f"{priority.name}_{n}", "draw", "", "picky", priority) for n in range(count))
        )
    await jobs.start()
    await journal.until(runs=62)
    assert {f"few_{n}" for n in range(3)} <= set(journal.ids[:30])
    picky = [job_id.split("_")[0] for job_id in journal.ids if job_id[0].isupper()]
    assert picky == ["HIGH"] * 3 + ["NORMAL"] * 3 + ["LOW"] * 3


@ON_SQLITE
async def test_a_user_takes_no_more_than_half_of_a_process(make_jobs: MakeJobs) -> None:
    jobs, at_once, seen = make_jobs(concurrency=4), Counter[str](), Counter[str]()
    ended = Counter[str]()
    go_on = asyncio.Event()

    async def handle(run: JobRun) -> None:
        user = str(run.argument)
        at_once[user] += 1
        seen[user] = max(seen[user], at_once[user])
        await go_on.wait()
        at_once[user] -= 1
        ended[user] += 1

    jobs.register("draw", handle)
    await jobs.enqueue(*(Job(f"a_{n}", "draw", "a", "a") for n in range(4)))
    await jobs.start()
    async with asyncio.timeout(WAIT_SECONDS):
        while at_once["a"] < 2:
            await asyncio.sleep(0.01)
        await jobs.enqueue(Job("b", "draw", "b", "b"))
        while not at_once["b"]:
            await asyncio.sleep(0.01)
        go_on.set()
        while ended != {"a": 4, "b": 1}:
            await asyncio.sleep(0.01)
    assert seen == {"a": 2, "b": 1}


@ON_SQLITE
async def test_a_job_is_done_once_however_often_it_is_enqueued(make_jobs: MakeJobs) -> None:
    jobs, journal = make_jobs(), Journal()
    jobs.register("draw", journal.handle)
    await jobs.enqueue(Job("one", "draw", {"prompt": "a fox", "steps": 4}, "user"))
    await jobs.start()
    await journal.until(runs=1)
    later = now() + timedelta(seconds=1)
    await jobs.enqueue(
        Job("one", "draw", "again", "user"), Job("two", "draw", "", "user", not_before=later)
    )
    await journal.until(runs=2)
    assert journal.ids == ["one", "two"]
    assert now() >= later
    assert journal.runs[0].argument == {"prompt": "a fox", "steps": 4}
    assert (journal.runs[0].attempt, journal.runs[0].should_continue) == (1, True)


@ON_SQLITE
async def test_a_failure_is_tried_again_and_then_reported_until_it_is_delivered(
    make_jobs: MakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_REPORT_AGAIN_SECONDS", 0.01)
    jobs, passing, failing = make_jobs(), Journal(failures=1), Journal(failures=9)
    failing.unreported = 1
    jobs.register("passing", passing.handle, retry_seconds=[0.01, 0.01])
    jobs.register("failing", failing.handle, retry_seconds=[0.01], on_failure=failing.on_failure)
    await jobs.enqueue(Job("ok", "passing", "", "user"), Job("bad", "failing", "", "user"))
    await jobs.start()
    await passing.until(runs=2)
    await failing.until(runs=2, reported=1)
    assert [(run.job_id, run.attempt) for run in passing.runs] == [("ok", 1), ("ok", 2)]
    assert [(run.job_id, run.attempt) for run in failing.runs] == [("bad", 1), ("bad", 2)]
    assert failing.reported == [("bad", "ValueError: out of ink")]


@ON_SQLITE
async def test_what_a_stop_interrupts_is_started_again_after_it(make_jobs: MakeJobs) -> None:
    first, second, journal = make_jobs(stop_seconds=0.2), make_jobs(), Journal()
    started, left = asyncio.Event(), asyncio.Event()

    async def never_ends(_run: JobRun) -> None:
        started.set()
        await asyncio.Event().wait()

    async def leaves(run: JobRun) -> None:
        left.set()
        while run.should_continue:
            await asyncio.sleep(0.01)
        raise Interrupted

    first.register("endless", never_ends)
    first.register("leaving", leaves)
    second.register("endless", journal.handle)
    second.register("leaving", journal.handle)
    await first.enqueue(Job("a", "endless", "", "user"), Job("b", "leaving", "", "user"))
    await first.start()
    async with asyncio.timeout(WAIT_SECONDS):
        await asyncio.gather(started.wait(), left.wait())
    await first.stop()
    await second.start()
    await journal.until(runs=2)
    assert sorted((run.job_id, run.attempt) for run in journal.runs) == [("a", 1), ("b", 1)]


@ON_SQLITE
async def test_a_stop_waits_no_longer_than_the_handlers_that_it_interrupts(
    database: Database, lease: ProcessLease, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_LOOK_SECONDS", 4 * WAIT_SECONDS)
    started = asyncio.Event()

    async def leaves(run: JobRun) -> None:
        started.set()
        while run.should_continue:
            await asyncio.sleep(0.01)
        raise Interrupted

    kind = JobKind("leaving", leaves, None, 1, 1, [], 1.0)
    queue = JobQueue(engine_url(database.engine.url))
    runner = running.JobRunner({"leaving": kind}, queue, lease)
    attempt = Attempt(Job("a", "leaving", "", "user"))
    at_work = asyncio.create_task(runner.run(attempt, lease.process_id))
    async with asyncio.timeout(WAIT_SECONDS):
        await started.wait()
        await runner.drain(timeout_seconds=4 * WAIT_SECONDS)
    assert not at_work.done()  # the engine would take it for done
    at_work.cancel()
    await asyncio.wait({at_work})
    await queue.close()


@ON_SQLITE
async def test_what_lost_its_lease_for_a_moment_has_not_failed(make_jobs: MakeJobs) -> None:
    jobs, journal = make_jobs(), Journal()

    async def stalls_once(run: JobRun) -> None:
        await journal.handle(run)
        if len(journal.runs) == 1:
            raise Interrupted  # though by now the process may go on

    jobs.register("stalling", stalls_once, retry_seconds=[])
    await jobs.enqueue(Job("a", "stalling", "", "user"))
    await jobs.start()
    await journal.until(runs=2)
    assert [run.attempt for run in journal.runs] == [1, 1]


async def test_what_processes_die_of_is_given_up(
    database: Database, make_jobs: MakeJobs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rescuing, "_DEATHS_ALLOWED", 0)
    jobs, journal = make_jobs(), Journal()
    jobs.register("deadly", journal.handle, on_failure=journal.on_failure)
    await jobs.enqueue(Job("job", "deadly", "", "user"))
    await jobs._queue.register(jobs._kinds.values())
    started = asyncio.Event()

    async def die(_attempt: Attempt, _process_id: str) -> None:
        started.set()
        await asyncio.Event().wait()

    dying = JobEngine(engine_url(database.engine.url), jobs._queue.engine, die)
    await dying.start("prc_dead", ["deadly"])
    async with asyncio.timeout(WAIT_SECONDS):
        await started.wait()
    await dying.stop()
    await jobs.start()
    await journal.until(reported=1)
    assert journal.runs == []
    assert journal.reported == [("job", "1 processes died while they ran it")]


async def test_ended_jobs_are_forgotten_after_a_while(
    database: Database, make_jobs: MakeJobs
) -> None:
    jobs, journal = make_jobs(), Journal()
    jobs.register("draw", journal.handle)
    await jobs.enqueue(*(Job(f"job_{n}", "draw", "", "user") for n in range(5)))
    await jobs.enqueue(Job("later", "draw", "", "user", not_before=now() + timedelta(days=2)))
    await jobs.start()
    await journal.until(runs=5)
    queue = JobQueue(engine_url(database.engine.url))
    try:
        assert await queue.prune(older_than=timedelta(hours=1)) == 0
        pruned = 0
        async with asyncio.timeout(WAIT_SECONDS):
            while pruned < 5:
                pruned += await queue.prune(older_than=timedelta(0))
        assert await queue.prune(older_than=timedelta(0)) == 0
    finally:
        await queue.close()
    await jobs.enqueue(Job("job_0", "draw", "", "user"))
    await journal.until(runs=6)


@pytest.mark.parametrize("step", [timedelta(hours=1), timedelta(days=1)])
async def test_a_job_that_was_put_off_before_the_clock_stepped_back_is_due_at_once(
    database: Database, make_jobs: MakeJobs, step: timedelta
) -> None:
    jobs, journal = make_jobs(), Journal()
    jobs.register("draw", journal.handle)
    await jobs.enqueue(
        *(
            Job(f"in_{hours}", "draw", "", "user", not_before=now() + timedelta(hours=hours))
            for hours in (1, 24 * 365)
        )
    )
    queue = JobQueue(engine_url(database.engine.url))
    try:
        assert await queue.hasten() == 0
        # As what was enqueued for later looks when a clock has stepped back.
        engine = queue.engine
        table = "workflow_status" if database.is_sqlite else "jobs.workflow_status"
        with engine.begin() as connection:
            connection.execute(
                text(
                    f"UPDATE {table} SET created_at = created_at + :step, "
                    "delay_until_epoch_ms = delay_until_epoch_ms + :step "
                    "WHERE workflow_uuid = 'in_1'"
                ),
                {"step": step.total_seconds() * 1000},
            )
        assert await queue.hasten() == 1
    finally:
        await queue.close()
    await jobs.start()
    await journal.until(runs=1)
    assert journal.ids == ["in_1"]


@ON_SQLITE
async def test_sweeps_recur(make_jobs: MakeJobs) -> None:
    jobs, swept = make_jobs(), asyncio.Event()

    async def sweep() -> None:
        swept.set()

    jobs.add_sweep("lost work", sweep, seconds=0.01)
    await jobs.start()
    async with asyncio.timeout(WAIT_SECONDS):
        await swept.wait()


@ON_SQLITE
async def test_a_job_that_could_never_run_is_refused(make_jobs: MakeJobs) -> None:
    jobs = make_jobs()
    jobs.register("draw", Journal().handle)
    with pytest.raises(ValueError, match="no handler is registered for jobs of the kind sing"):
        await jobs.enqueue(Job("a", "sing", "", "user"))
    with pytest.raises(ValueError, match="without a partition"):
        await jobs.enqueue(Job("a", "draw", "", ""))
