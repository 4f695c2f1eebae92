"""Whose pictures are made when many wait: a small batch does not wait for a large one's end."""

import asyncio
from pathlib import Path

import pytest

from gql_server.domain.principal import Role
from tests.batches.conftest import Office
from tests.support.product import running_product, workers_ai_settings
from tests.support.visitors import visitor
from tests.support.waiting import WAIT_SECONDS
from tests.support.workers_ai_app import WorkersAIStandin

pytestmark = pytest.mark.anyio

LARGE = 1000


async def test_anothers_small_batch_and_an_urgent_one_go_before_the_rest_of_a_large_one(
    tmp_path: Path, standin: WorkersAIStandin
) -> None:
    standin.latency = 0.02
    settings = workers_ai_settings(standin) | {
        "auth": "keys",
        "batch_concurrency": 4,
        "shutdown_timeout": 1,
    }
    async with (
        running_product(tmp_path, settings, runs_jobs=True) as product,
        visitor(product, "ann", Role.CREATOR) as by_ann,
        visitor(product, "bob", Role.CREATOR) as by_bob,
    ):
        ann, bob = Office(by_ann), Office(by_bob)
        large = await ann.batch(LARGE)
        await until_made(ann, large, 1)
        small, urgent = await bob.batch(3), await ann.batch(3, priority="HIGH")
        await asyncio.gather(until_made(bob, small, 3), until_made(ann, urgent, 3))
        assert await made(ann, large) < LARGE // 5


async def made(office: Office, batch_id: str) -> int:
    query = "query B($id: ID!) { batch(id: $id) { succeeded } }"
    succeeded: int = (await office.product.ask(query, id=batch_id))["batch"]["succeeded"]
    return succeeded


async def until_made(office: Office, batch_id: str, pictures: int) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while await made(office, batch_id) < pictures:
            await asyncio.sleep(0.02)
