"""Whose pictures are made when many wait: a small batch does not wait for a large one's end."""

import asyncio
from pathlib import Path

import pytest

from gql_server.domain.principal import Role
from tests.batches.conftest import BatchHarness
from tests.support.clients import client_of
from tests.support.running_app import running_app, workers_ai_settings
from tests.support.waiting import WAIT_SECONDS
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

LARGE = 300


async def test_anothers_small_batch_and_an_urgent_one_go_before_the_rest_of_a_large_one(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.latency = 0.02
    settings = workers_ai_settings(fake_workers_ai) | {
        "auth": "keys",
        "batch_concurrency": 4,
        "shutdown_timeout": 1,
    }
    async with (
        running_app(tmp_path, settings, runs_jobs=True) as app,
        client_of(app, "ann", Role.CREATOR) as by_ann,
        client_of(app, "bob", Role.CREATOR) as by_bob,
    ):
        ann, bob = BatchHarness(by_ann), BatchHarness(by_bob)
        large = await ann.batch(LARGE)
        await until_made(ann, large, 1)
        small, urgent = await bob.batch(3), await ann.batch(3, priority="HIGH")
        await asyncio.gather(until_made(bob, small, 3), until_made(ann, urgent, 3))
        assert await made(ann, large) < LARGE // 2


async def made(harness: BatchHarness, batch_id: str) -> int:
    query = "query B($id: ID!) { batch(id: $id) { succeeded } }"
    succeeded: int = (await harness.app.ask(query, id=batch_id))["batch"]["succeeded"]
    return succeeded


async def until_made(harness: BatchHarness, batch_id: str, pictures: int) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while await made(harness, batch_id) < pictures:
            await asyncio.sleep(0.02)
