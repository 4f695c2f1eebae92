"""Tests that hang, for a pytest of their own."""

import asyncio
import os
import subprocess
import sys
import time
from asyncio.subprocess import PIPE
from contextlib import suppress

import httpx
import psutil
import pytest

from tests.support.child import child_process
from tests.support.leftovers import MARK, marked
from tests.support.running_app import FLUX
from tests.support.workers_ai_app import FakeWorkersAI

# Starts another process, and prints a line.
PARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(flush=True)
time.sleep(600)
"""


def started() -> list[psutil.Process]:
    return marked(os.environ[MARK])


@pytest.mark.anyio
@pytest.mark.timeout(2)
async def test_that_hangs(fake_workers_ai: FakeWorkersAI) -> None:
    fake_workers_ai.latency = 600
    async with child_process(sys.executable, "-c", PARENT, stdout=PIPE) as parent:
        assert parent.stdout is not None
        await parent.stdout.readline()
        call = asyncio.create_task(unanswered_call(fake_workers_ai))
        while not fake_workers_ai.unanswered:
            await asyncio.sleep(0.01)
        assert len(started()) == 2
        await call


async def unanswered_call(fake_workers_ai: FakeWorkersAI) -> None:
    url = f"{fake_workers_ai.base_url}/accounts/{fake_workers_ai.account_id}/ai/run/{FLUX}"
    headers = {"Authorization": f"Bearer {fake_workers_ai.token}"}
    with suppress(httpx.HTTPError):
        async with httpx.AsyncClient(timeout=None) as client:
            await client.post(url, json={"prompt": "A fox"}, headers=headers)


def test_that_follows(session_workers_ai: FakeWorkersAI) -> None:
    assert session_workers_ai.unanswered == 0
    assert started() == []


@pytest.mark.usefixtures("postgres")
def test_whose_pytest_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        sys.stdout.write(f"\nrunning {os.environ[MARK]}\n")
        sys.stdout.flush()
        time.sleep(600)
