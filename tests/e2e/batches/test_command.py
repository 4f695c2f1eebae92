"""`gql-server batch` through the death of its server, and through Ctrl-C."""

import asyncio
import os
import pty
import re
import signal
import sys
import threading
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from typer.testing import CliRunner, Result

from gql_server.cli.batches.display import Display
from gql_server.cli.root import cli
from tests.support.child import child_process
from tests.support.process import environment, free_port, server_process, workers_ai_environment
from tests.support.running_app import FLUX
from tests.support.waiting import until
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import once

pytestmark = [pytest.mark.anyio, pytest.mark.processes]

PICTURES = 60


async def test_a_batch_continues_through_a_killed_server_and_interruptions(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_workers_ai.latency = 0.1
    # At Cloudflare's own rate, so that much is left to be made when the server is killed.
    settings = workers_ai_environment(
        fake_workers_ai, BATCH_CONCURRENCY="4", WORKERS_AI_REQUESTS_PER_MINUTE="720"
    )
    prompts = "".join(f"A red fox, {number}\n" for number in range(PICTURES))
    (tmp_path / "prompts.txt").write_text(prompts)
    out, port = tmp_path / "out", free_port()
    url = f"http://127.0.0.1:{port}"

    def saved() -> int:
        return len(list(out.glob("[0-9]*.jpg")))

    async with server_process(tmp_path, settings, port=port) as server:
        begin = ["prompts.txt", "--model", FLUX, "--out", "out", "--server", url]
        async with on_a_terminal(tmp_path, *begin) as (command, shown):
            await until(lambda: saved() >= 2)
            server.process.kill()
            await server.process.wait()
            # So that much is left when it is interrupted, however slow the command is.
            comes_back, is_interrupted = threading.Event(), threading.Event()
            fake_workers_ai.next(*(once(comes_back) for _ in range(8)))
            fake_workers_ai.always, fake_workers_ai.latency = once(is_interrupted), 0.5
            await until(lambda: "; retrying: " in shown())
            async with server_process(tmp_path, settings, port=port):
                await until(lambda: "Reconnected." in shown())
                comes_back.set()
                before = saved()
                await until(lambda: saved() >= before + 2)
                code, said = await interrupted(command)
                is_interrupted.set()
                assert code == 130
                assert "Traceback" not in said
                found = re.search(r"continue with: gql-server batch (--resume bat_\w+)", said)
                assert found is not None
                assert f"/{PICTURES}" in shown()  # the bar counts
                assert "left" in shown()
                resume = [*found[1].split(), "--out", str(out), "--server", url]
                with monkeypatch.context() as patched:
                    patched.setattr(Display, "on_start", press_ctrl_c)
                    canceled = await typed(*resume, "--cancel-on-interrupt")
                assert canceled.exit_code == 130
                assert "is canceled" in canceled.stderr
                ended = await typed(*resume)
    assert ended.exit_code == 1
    counts = re.search(rf"(\d+) of {PICTURES} images generated, 0 failed, (\d+) canc", ended.stdout)
    assert counts is not None
    made, left_out = map(int, counts.groups())
    assert made + left_out == PICTURES
    assert left_out > 0
    pictures = list(out.glob("[0-9]*.jpg"))
    assert len(pictures) == made
    assert len({path.name[:4] for path in pictures}) == made
    assert not list(out.glob(".*.part"))


@asynccontextmanager
async def on_a_terminal(
    folder: Path, *arguments: str
) -> AsyncIterator[tuple[Process, Callable[[], str]]]:
    """Run `gql-server batch` with a terminal as its standard output; give what it has shown."""
    ours, theirs = pty.openpty()
    shown = bytearray()
    loop = asyncio.get_running_loop()

    def read() -> None:
        try:
            shown.extend(os.read(ours, 65536))
        except OSError:  # the terminal's other end is closed
            loop.remove_reader(ours)

    loop.add_reader(ours, read)
    try:
        async with child_process(
            *(sys.executable, "-m", "gql_server", "batch", *arguments),
            cwd=folder,
            env=environment({"TERM": "xterm", "COLUMNS": "160"}),
            stdout=theirs,
            stderr=PIPE,
        ) as process:
            os.close(theirs)
            yield process, lambda: shown.decode(errors="replace")
    finally:
        loop.remove_reader(ours)
        os.close(ours)


async def typed(*arguments: str) -> Result:
    """Run `gql-server batch` in this process."""
    return await asyncio.to_thread(CliRunner().invoke, cli, ["batch", *arguments])


def press_ctrl_c(*_: object, **_named: object) -> NoReturn:
    """Do what the interpreter does at SIGINT, which reaches main threads alone."""
    raise KeyboardInterrupt


async def interrupted(process: Process) -> tuple[int | None, str]:
    """Press Ctrl-C; return the exit code and what standard error said."""
    process.send_signal(signal.SIGINT)
    _, said = await process.communicate()
    return process.returncode, said.decode()
