"""The account's rate limit, over the attempts of several processes."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from tests.support.child import child_process
from tests.support.generator_program import PER_MINUTE, PICTURES
from tests.support.postgres import PostgresServer
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import server_error_page

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

ROOT = Path(__file__).parents[2]
RETRIES = 4


async def make_images(url: URL, fake_workers_ai: FakeWorkersAI) -> int:
    async with child_process(
        sys.executable,
        "-m",
        "tests.support.generator_program",
        url.render_as_string(hide_password=False),
        fake_workers_ai.base_url,
        fake_workers_ai.account_id,
        fake_workers_ai.token,
        cwd=ROOT,
        stdout=PIPE,
    ) as process:
        printed, _ = await process.communicate()
    return int(printed.split()[-1])


async def test_two_processes_and_their_retries_keep_to_the_one_limit_together(
    fake_workers_ai: FakeWorkersAI, postgres: PostgresServer, migrated_postgres: str
) -> None:
    url = postgres.url(postgres.create_database(migrated_postgres))
    fake_workers_ai.next(*(server_error_page() for _ in range(RETRIES)))
    made = await asyncio.gather(*(make_images(url, fake_workers_ai) for _ in range(2)))
    assert made == [PICTURES, PICTURES]
    arrivals = sorted(request.at for request in fake_workers_ai.requests)
    assert len(arrivals) == 2 * PICTURES + RETRIES
    # What holds for every window, whatever its length, holds for those of 60 seconds.
    burst = PER_MINUTE // 10
    interval = 62 / (PER_MINUTE - burst)
    for first, began in enumerate(arrivals):
        for last, ended in enumerate(arrivals[first:], start=first):
            assert last - first + 1 <= burst + (ended - began + 2) / interval
    assert arrivals[-1] - arrivals[0] >= (len(arrivals) - burst - 1) * interval - 0.5
