"""An hour of everything at once, with kills: what a server has levels off, and the money is exact.

``make test-survival`` runs it for SOAK_SECONDS on SQLite and again on PostgreSQL. In the first
quarter any process is killed at any moment. For the rest one server stays alive, so that what it
has can be compared: its readings in the last third with those in the second.
"""

import asyncio
import json
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psutil
import pytest

from tests.support.postgres import PostgresServer
from tests.support.process import free_port, run_gql_server, workers_ai_environment
from tests.support.receiver import Receiver
from tests.support.sqlite import make_sqlite
from tests.support.waiting import WAIT_SECONDS, until
from tests.support.workers_ai_app import FakeWorkersAI
from tests.survival.soak.client import SMALL, Soak
from tests.survival.soak.figures import Figures
from tests.survival.soak.ledger import SoakDatabase
from tests.survival.soak.processes import PATIENCE_SECONDS, KeptProcess, kept
from tests.survival.soak.traffic import CLIENTS, GENERATE, repeat
from tests.survival.soak.watching import watch_new_images

SECONDS: Final = float(os.environ.get("SOAK_SECONDS", "3600"))
SEED: Final = int(os.environ.get("SURVIVAL_SEED", "20261128"))

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.survival,
    pytest.mark.timeout(SECONDS + 2 * PATIENCE_SECONDS),
]

READINGS: Final = 400
KILLS: Final = 6
CONCURRENCY: Final = 4
IN_FLIGHT: Final = 3 * CONCURRENCY + sum(number for _, number in CLIENTS)
"""Calls of models that a kill can make in vain at most: those that were not stored yet."""
WEBHOOK_SECRET: Final = "whsec_" + "c29hay1zb2FrLXNvYWstc29hay1zb2Fr"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What the servers had, and how they ended."""

    report: str
    growing: Mapping[str, tuple[float, float]]
    errors: Sequence[str]
    exit_codes: Sequence[int]
    kills: int


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str | None:
    """PostgreSQL's address; None for SQLite."""
    if request.param == "sqlite":
        make_sqlite(tmp_path / "data" / "gql_server.db")
        return None
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.setting(server.create_database(request.getfixturevalue("migrated_postgres")))


async def test_everything_levels_off_and_each_image_is_paid_once(
    tmp_path: Path,
    fake_workers_ai: FakeWorkersAI,
    receiver: Receiver,
    database_url: str | None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    fake_workers_ai.latency = 0.3
    settings = settings_of(fake_workers_ai, database_url)
    database = SoakDatabase(tmp_path, database_url)
    created = await run_gql_server(
        "keys", "create", "--user", "ann", "--role", "admin", folder=tmp_path, settings=settings
    )
    secret = re.search(r"gqls_\w+", created[1])
    assert secret is not None, created
    soak = Soak(f"http://127.0.0.1:{settings['PORT']}", secret.group(), receiver.url)
    processes = processes_of(tmp_path, settings, has_workers=database_url is not None)
    calls: Counter[str] = Counter()
    async with soak.client:
        outcome = await run(soak, processes, database, fake_workers_ai, calls, receiver)
    count(fake_workers_ai, calls)
    ledger = database.ledger()
    in_vain = calls.total() - ledger.images
    with capsys.disabled():
        sys.stdout.write(f"\n{outcome.report}\n{ledger}; {in_vain} calls of models in vain\n")
    assert outcome.growing == {}
    assert outcome.errors == []
    assert {*outcome.exit_codes} <= {0, -signal.SIGTERM}
    # Each image once: as clients, the subscription, the database and the ledger have it.
    assert database.image_ids() == soak.images == {*soak.watched}
    assert len(soak.watched) == len(soak.images)
    assert ledger.images == ledger.charges == ledger.charged_images == len(soak.images)
    assert ledger.cost == ledger.charged
    assert (ledger.reservations, ledger.open_items, ledger.remote_images) == (0, 0, 0)
    assert 0 <= in_vain <= outcome.kills * IN_FLIGHT
    for options in ((), ("--store", "--grace-hours", "0")):
        audited = await run_gql_server("audit", *options, folder=tmp_path, settings=settings)
        assert audited[0] == 0, audited
    assert unfinished_files(tmp_path / "data" / "images") == []
    children = psutil.Process().children(recursive=True)
    assert [one for one in children if "gql_server" in one.cmdline()] == []


async def run(
    soak: Soak,
    processes: Sequence[KeptProcess],
    database: SoakDatabase,
    fake_workers_ai: FakeWorkersAI,
    calls: Counter[str],
    receiver: Receiver,
) -> Outcome:
    """Run the servers and their clients; the clients finish what they have started."""

    async def metrics() -> str:
        return (await soak.send("metrics", "GET", "/metrics")).text

    figures = Figures(processes, metrics, database.connections)
    began = time.monotonic()
    async with kept(*processes):
        given = {**SMALL, "prompt": "soak 0", "idempotencyKey": "soak 0"}
        first = (await soak.ask("images", GENERATE, input=given))["image"]["id"]
        soak.received(first)
        soak.watched.append(first)
        async with asyncio.TaskGroup() as group:
            helpers = [
                group.create_task(watch_new_images(soak)),
                group.create_task(count_calls(fake_workers_ai, calls)),
                group.create_task(figures.keep_reading(max(0.5, SECONDS / READINGS))),
            ]
            clients = [
                group.create_task(repeat(soak, one)) for one, many in CLIENTS for _ in range(many)
            ]
            await kill_now_and_then(processes)
            figures.restart()
            await kill_one_worker_now_and_then(processes, began + SECONDS - time.monotonic())
            table, growing = figures.table(), figures.growing()
            sys.stderr.write(f"\n{table}\n{soak.report()}\n")  # also if it fails later
            for process in processes:  # in the middle of everything, once more
                await process.kill()
                await process.start()
            soak.stopping.set()
            await asyncio.gather(*clients)
            await until(lambda: soak.images <= {*soak.watched})
            for helper in helpers:
                helper.cancel()
        await at_rest(figures)
        async with asyncio.timeout(PATIENCE_SECONDS):  # a retry of a webhook may wait for minutes
            while not soak.hooked <= hooked(receiver):
                await asyncio.sleep(0.3)
        exit_codes = [await process.stop() for process in processes]
    kills = sum(process.kills for process in processes)
    report = f"{time.monotonic() - began:.0f} s, {kills} kills\n{table}\n{soak.report()}"
    return Outcome(
        report=report,
        growing=growing,
        errors=[entry for process in processes for entry in errors_of(process.log)],
        exit_codes=exit_codes,
        kills=kills,
    )


def settings_of(fake_workers_ai: FakeWorkersAI, url: str | None) -> dict[str, str]:
    settings = workers_ai_environment(
        fake_workers_ai,
        PORT=str(free_port()),
        AUTH="keys",
        BATCH_CONCURRENCY=str(CONCURRENCY),
        PROCESS_LEASE="2",
        WEBHOOK_SECRET=WEBHOOK_SECRET,
        WEBHOOK_ALLOW_PRIVATE="1",
        LOG_LEVEL="warning",
        LOG_FORMAT="json",
    )
    return settings | ({"DATABASE_URL": url} if url else {})


def processes_of(
    folder: Path, settings: dict[str, str], *, has_workers: bool
) -> Sequence[KeptProcess]:
    server = f"http://127.0.0.1:{settings['PORT']}/ready"
    if not has_workers:
        return (KeptProcess("server", folder, settings, "serve", health=server),)
    found = [KeptProcess("server", folder, settings, "serve", "--no-worker", health=server)]
    for number in (1, 2):
        port = str(free_port())
        own = settings | {"METRICS_PORT": port}
        health = f"http://127.0.0.1:{port}/ready"
        found.append(KeptProcess(f"worker {number}", folder, own, "worker", health=health))
    return found


async def kill_now_and_then(processes: Sequence[KeptProcess]) -> None:
    """Kill one process after the other, for a quarter of the time."""
    chance = random.Random(SEED)
    until_then = time.monotonic() + SECONDS / 4
    number = 0
    while time.monotonic() < until_then:
        await asyncio.sleep(chance.uniform(0.5, 1.5) * SECONDS / 4 / KILLS)
        process = processes[number % len(processes)]
        await process.kill()
        await asyncio.sleep(chance.uniform(0.0, 1.0))
        await process.start()
        number += 1


async def kill_one_worker_now_and_then(processes: Sequence[KeptProcess], seconds: float) -> None:
    """Kill the last worker, if there are any; the others live on."""
    for _ in range(KILLS):
        await asyncio.sleep(seconds / KILLS)
        if len(processes) > 1:
            await processes[-1].kill()
            await processes[-1].start()


async def count_calls(fake_workers_ai: FakeWorkersAI, calls: Counter[str]) -> None:
    """Count the calls of models by prompt, and forget them, until canceled."""
    while True:
        await asyncio.sleep(1.0)
        count(fake_workers_ai, calls)


def count(fake_workers_ai: FakeWorkersAI, calls: Counter[str]) -> None:
    taken = fake_workers_ai.requests[:]
    del fake_workers_ai.requests[: len(taken)]
    calls.update(call.prompt or "" for call in taken if call.refusal is None)


def hooked(receiver: Receiver) -> set[str]:
    """Return the batches of which a webhook has arrived."""
    found = set()
    for received in receiver.received:
        message: dict[str, Any] = json.loads(received.body)
        found.add(message["data"]["batchId"])
    return found


async def at_rest(figures: Figures) -> None:
    """Wait until nothing is open any more but the request that asks."""
    idle = ("generations", "websockets", "subscriptions", "watchers", "topics", "open_body_bytes")
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            figures.restart()
            await figures.read()
            if all(figures.series["server", name] == [0] for name in idle):
                return
            await asyncio.sleep(0.3)


def errors_of(log: Path) -> Sequence[str]:
    """Return the lines of a log that report an error, or are none of the log's."""
    found = []
    for line in log.read_text("utf-8").splitlines():
        try:
            is_error = json.loads(line)["level"] in {"error", "critical"}
        except ValueError:
            is_error = True
        if is_error:
            found.append(line[:2000])
    return found


def unfinished_files(folder: Path) -> Sequence[str]:
    """Return the files in a store that are neither objects nor their sidecars."""
    names = [path.name for path in folder.rglob("*") if path.is_file()]
    objects = {name for name in names if not name.startswith(".")}
    known = objects | {f".{name}.json" for name in objects} | {".gql-server-store.json"}
    return sorted({*names} - known)
