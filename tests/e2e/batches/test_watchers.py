"""A thousand who watch one batch over sockets, in one process: `make test-survival`."""

import asyncio
import os
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import psycopg
import pytest

from tests.support.batch_client import BatchClient
from tests.support.postgres import PostgresServer
from tests.support.process import server_process
from tests.support.subscriber import Subscriber, subscriber
from tests.support.worker_cluster import cluster_settings
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = [pytest.mark.anyio, pytest.mark.survival]

WATCHERS: Final = 1_000
PICTURES: Final = 60
WATCH: Final = """subscription P($id: ID!, $after: Int!) { batchProgress(id: $id, after: $after) {
  sequence batch { status succeeded } finishedItems { sequence image { id } } } }"""


async def test_a_thousand_who_watch_one_batch_each_see_every_item_once(
    tmp_path: Path,
    fake_workers_ai: FakeWorkersAI,
    postgres: PostgresServer,
    migrated_postgres: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.support.subscriber.WAIT_SECONDS", 120)
    address = postgres.setting(postgres.create_database(migrated_postgres))
    fake_workers_ai.latency = 1.0
    async with AsyncExitStack() as stack:
        # Nobody reads its log, which tells of each connection.
        settings = cluster_settings(fake_workers_ai, address) | {"LOG_LEVEL": "warning"}
        server = server_process(tmp_path, settings)
        running = await stack.enter_async_context(server)
        client = BatchClient(running.url)
        watchers: list[Subscriber] = []
        for _ in range(WATCHERS // 50):
            opened = (stack.enter_async_context(subscriber(running.url)) for _ in range(50))
            watchers.extend(await asyncio.gather(*opened))
        batch_id = await client.generate(PICTURES)
        for watcher in watchers:
            await watcher.subscribe(WATCH, id=batch_id, after=0)
        await asyncio.gather(*(watcher.next() for watcher in watchers))  # all are subscribed
        cpu, reads, began = seconds_of(running.process.pid), reads_of(address), time.monotonic()
        watched = asyncio.gather(*(to_the_end(watcher) for watcher in watchers))
        await client.ended(batch_id, seconds=300)
        seen = await watched
        took = time.monotonic() - began
        cpu, reads = seconds_of(running.process.pid) - cpu, reads_of(address) - reads
    sent = sum(updates for updates, _ in seen)
    assert all(numbers[-1] == PICTURES for _, numbers in seen)
    assert all(numbers == sorted(set(numbers)) for _, numbers in seen)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{WATCHERS} watchers, {sent} updates: {took:.1f} s, {cpu:.1f} s of processor time, "
            f"{reads} transactions\n"
        )
    assert reads < sent / 3  # of everything that the process does: what is told is read once


async def to_the_end(watcher: Subscriber) -> tuple[int, list[int]]:
    """Count the updates until the end of a batch; return the numbers of their events, too."""
    numbers: list[int] = []
    updates, status = 0, None
    while (message := await watcher.receive())["type"] == "next":
        update = message["payload"]["data"]["batchProgress"]
        updates += 1
        numbers.extend(item["sequence"] for item in update["finishedItems"])
        assert all(item["image"]["id"] for item in update["finishedItems"])
        status = update["batch"]["status"]
    assert (message["type"], status) == ("complete", "SUCCEEDED")
    return updates, numbers


def seconds_of(process_id: int) -> float:
    """Return the processor time that a process has had."""
    fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def reads_of(address: str) -> int:
    """Return how many transactions a database has had."""
    with psycopg.connect(address) as connection:
        found = connection.execute(
            "SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()"
        ).fetchone()
    assert found is not None
    return int(found[0])
