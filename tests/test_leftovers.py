"""Whatever a test starts ends with it, also when the test or the whole of pytest is killed."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, STDOUT
from pathlib import Path

import pytest

from tests.support.child import child_process
from tests.support.leftovers import marked

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

ROOT = Path(__file__).parents[1]
PYTEST = (sys.executable, "-m", "pytest", "-v", "-s", "-p", "no:cacheprovider")

BLOCKING = """
import time, pytest
from tests.support.time_limit import TimeLimit

def pytest_configure(config):
    config.pluginmanager.register(TimeLimit(grace=0.5))

@pytest.mark.anyio
async def test_that_blocks_the_loop(anyio_backend_name):
    time.sleep(600)
"""


async def test_a_hanging_test_leaves_nothing_nor_does_a_killed_pytest(tmp_path: Path) -> None:
    async with child_process(
        *PYTEST,
        "tests/support/hanging_tests.py",
        f"--basetemp={tmp_path / 'inner'}",
        cwd=ROOT,
        stdout=PIPE,
        stderr=STDOUT,
    ) as inner:
        assert inner.stdout is not None
        lines: list[str] = []
        while not (lines and lines[-1].startswith("running")):
            lines.append((await inner.stdout.readline()).decode())
            assert lines[-1], "".join(lines)
        printed = "".join(lines)
        assert (printed.count("FAILED"), printed.count("PASSED")) == (1, 1), printed
        _, folder = lines[-1].split()
        assert len(marked(folder)) > 2
        inner.send_signal(signal.SIGKILL)
        await inner.wait()
        while marked(folder) or os.path.exists(folder):  # noqa: ASYNC240, PTH110 - quick
            await asyncio.sleep(0.05)


async def test_a_test_that_cannot_be_canceled_ends_pytest(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(BLOCKING)
    (tmp_path / "test_blocking.py").write_text("from conftest import *")
    async with child_process(
        *PYTEST,
        "--timeout=0.5",
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=PIPE,
        stderr=STDOUT,
    ) as inner:
        printed, _ = await inner.communicate()
    assert inner.returncode == 1
    assert "in test_that_blocks_the_loop" in printed.decode()
