"""A wall clock that steps under running processes: the real libfaketime, preloaded into them."""

import asyncio
import platform
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import psutil
import pytest

_SHARED_MEMORY: Final = Path("/dev/shm")


class SteppingClock:
    """The wall clock of the processes that get its environment; their monotonic clock never steps.

    Attributes:
        environment: What a process needs to live by this clock.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.environment: Final[Mapping[str, str]] = {
            "LD_PRELOAD": str(_library()),
            "FAKETIME_TIMESTAMP_FILE": str(file),
            "FAKETIME_CACHE_DURATION": "0",  # the file is read again once in each second
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
        self._write(timedelta(0))

    async def is_ahead_by(self, difference: timedelta) -> None:
        """Have the clock differ by this from the machine's; every process has stepped on return."""
        self._write(difference)
        await asyncio.sleep(1.0 - time.time() % 1.0)

    @contextmanager
    def inherited(self) -> Iterator[None]:
        """Have the processes that are started in this block live by this clock."""
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self.environment.items():
                patch.setenv(name, value)
            yield

    def _write(self, difference: timedelta) -> None:
        written = self._file.with_suffix(".new")
        written.write_text(f"{difference.total_seconds():+.0f}\n")
        written.chmod(0o644)
        written.rename(self._file)


@contextmanager
def stepping_clock() -> Iterator[SteppingClock]:
    """Make a clock; the test is skipped where libfaketime cannot be had."""
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        pytest.skip("the wheel of libfaketime is built for Linux on x86-64")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # PostgreSQL runs as another user
        try:
            yield SteppingClock(Path(folder) / "clock")
        finally:
            _remove_shared_memory()


def _library() -> Path:
    spec = find_spec("libfaketime")
    if spec is None or spec.origin is None:
        pytest.skip("libfaketime is not installed: it is one of the development dependencies")
    return Path(spec.origin).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"


def _remove_shared_memory() -> None:
    """Remove what the library of a killed process has left."""
    for path in _SHARED_MEMORY.glob("*faketime_s*_*"):
        pid = path.name.rpartition("_")[2]
        if pid.isdecimal() and not psutil.pid_exists(int(pid)):
            with suppress(FileNotFoundError, PermissionError):
                path.unlink()
