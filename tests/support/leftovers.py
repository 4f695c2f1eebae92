"""A guard beside pytest, which ends all that was started when pytest ends, however it ends."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psutil

MARK: Final = "GQL_SERVER_TESTS"
"""The environment variable that every process of a test run inherits, with the run's folder."""

_SECONDS = 10
_POLITE_SECONDS = 2
_SHM = "/dev/shm"
_ROOM_BYTES = 6 * 1024**3


@contextmanager
def guarded() -> Iterator[Path]:
    """Mark all processes that are started within the block; end those that are left at its end.

    The guard is a process in a session of its own. It notices the end of this one by a pipe, so
    that a SIGKILL or a Ctrl-C here is noticed too. It also removes the folder that is given, which
    is where temporary files go, PostgreSQL's too.
    """
    folder = Path(tempfile.mkdtemp(prefix="gql-", dir=memory_folder()))
    guard = subprocess.Popen(
        [sys.executable, "-m", "tests.support.leftovers", str(folder)],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    assert guard.stdin is not None
    os.environ[MARK] = tempfile.tempdir = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = None
        del os.environ[MARK]
        guard.stdin.close()
        guard.wait()


def memory_folder() -> str | None:
    """Return a folder whose files are in memory, and wait for no disk, where it has room."""
    is_roomy = Path(_SHM).is_dir() and shutil.disk_usage(_SHM).free > _ROOM_BYTES
    return _SHM if is_roomy else None


def marked(folder: str) -> list[psutil.Process]:
    """Return the running processes of a test run.

    Those that were forked have its folder's name, as the system shows no environment of theirs.
    """
    name = Path(folder).name
    return [
        process
        for process in psutil.process_iter(["environ", "name"])
        if process.pid != os.getpid()
        and (process.info["name"] == name or (process.info["environ"] or {}).get(MARK) == folder)
    ]


def main(folder: str) -> None:
    """Wait for the end of pytest, then end what it left."""
    sys.stdin.buffer.read()
    began = time.monotonic()
    # Again and again, as a process may have started another meanwhile. PostgreSQL gives its shared
    # memory back where it is asked to end.
    while (left := marked(folder)) and (passed := time.monotonic() - began) < _SECONDS:
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGKILL if passed > _POLITE_SECONDS else signal.SIGTERM)
        psutil.wait_procs(left, timeout=0.5)
    # Thousands of files of PostgreSQL: nobody has to wait for this.
    subprocess.Popen(["rm", "-rf", folder], start_new_session=True)


if __name__ == "__main__":
    main(sys.argv[1])
