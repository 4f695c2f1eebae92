"""Batches on PostgreSQL whose workers die and freeze."""

import asyncio
import signal
import time
from pathlib import Path
from typing import Final

import psycopg
import pytest

from tests.support.network_link import NetworkLink
from tests.support.process import worker_process
from tests.support.worker_cluster import called, paid, worker_cluster
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import error, slow

pytestmark = pytest.mark.anyio

PICTURES: Final = 60
ELSEWHERE_SECONDS: Final = 20.0


@pytest.mark.processes
async def test_workers_that_die_and_freeze_lose_and_repeat_nothing_that_was_paid(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, settings: dict[str, str]
) -> None:
    settings["PROCESS_LEASE"] = "8"  # the third must not seem dead where the machine is busy
    fake_workers_ai.latency = 0.3
    async with worker_cluster(tmp_path, settings, 3) as (client, workers):
        batch_id = await client.generate(PICTURES)
        watched = asyncio.create_task(client.watch(batch_id))
        await called(fake_workers_ai, 20)
        workers[0].kill()
        workers[1].send_signal(signal.SIGSTOP)
        batch = await client.ended(batch_id)
        workers[1].send_signal(signal.SIGCONT)
        again = await client.generate(4)
        assert (await client.ended(again))["status"] == "SUCCEEDED"
        assert await client.read(batch_id) == batch
        assert await watched == list(range(1, PICTURES + 1))
    assert (batch["status"], batch["succeeded"]) == ("SUCCEEDED", PICTURES)
    started_again = sum(item["attempts"] - 1 for item in batch["items"])
    assert started_again <= 2 * (4 + 4 + 1)  # of two workers: in flight, to be kept, and the next
    assert len(fake_workers_ai.requests) <= PICTURES + started_again + 4
    with psycopg.connect(settings["DATABASE_URL"]) as connection:
        found = connection.execute("SELECT count(*), count(DISTINCT image_id) FROM charges")
        assert found.fetchone() == (PICTURES + 4, PICTURES + 4)


@pytest.mark.survival
async def test_a_frozen_worker_whose_calls_failed_fails_nothing_when_it_wakes(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, settings: dict[str, str]
) -> None:
    fake_workers_ai.next(*(slow(1.0, error(5004, 400)) for _ in range(4)))
    async with worker_cluster(tmp_path, settings, 2) as (client, workers):
        workers[1].send_signal(signal.SIGSTOP)
        batch_id = await client.generate(20)
        await called(fake_workers_ai, 4)
        workers[0].send_signal(signal.SIGSTOP)
        workers[1].send_signal(signal.SIGCONT)
        batch = await client.ended(batch_id)
        workers[0].send_signal(signal.SIGCONT)
        again = await client.generate(8)
        assert (await client.ended(again))["status"] == "SUCCEEDED"
        assert await client.read(batch_id) == batch
    assert (batch["status"], batch["succeeded"]) == ("SUCCEEDED", 20)
    # Its calls, and the next item, which it had begun and perhaps not yet claimed.
    assert sum(item["attempts"] - 1 for item in batch["items"]) in {4, 5}


@pytest.mark.survival
async def test_work_of_dead_frozen_and_cut_off_workers_continues_elsewhere_in_time(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, settings: dict[str, str]
) -> None:
    del settings["PROCESS_LEASE"]  # the one that servers have
    fake_workers_ai.latency = 0.5
    async with (
        NetworkLink(settings["DATABASE_URL"]).opened() as link,
        worker_cluster(tmp_path, settings, 2) as (client, (killed, frozen)),
        worker_process(tmp_path, settings | {"DATABASE_URL": link.database_url}),
    ):
        batch_id = await client.generate(PICTURES)
        await called(fake_workers_ai, 30)
        killed.kill()
        frozen.send_signal(signal.SIGSTOP)
        link.cut()
        began = time.monotonic()
        async with worker_process(tmp_path, settings):
            batch = await client.ended(batch_id)
            assert time.monotonic() - began < ELSEWHERE_SECONDS + PICTURES * 0.5 / 4
            frozen.send_signal(signal.SIGCONT)
            link.restore()
            again = await client.generate(8)
            assert (await client.ended(again))["status"] == "SUCCEEDED"
            assert await client.read(batch_id) == batch
    assert (batch["status"], batch["succeeded"]) == ("SUCCEEDED", PICTURES)
    assert paid(settings["DATABASE_URL"]) == (68, 68, 68, 68 * 10_000_000, 0)
    started_again = sum(item["attempts"] - 1 for item in batch["items"])
    assert len(fake_workers_ai.requests) <= PICTURES + 8 + started_again
    kept = {path.stem for path in (tmp_path / "data/images/generated").glob("img_*.jpg")}
    assert {item["image"]["id"] for item in batch["items"]} <= kept
    assert len(kept) == PICTURES + 8
