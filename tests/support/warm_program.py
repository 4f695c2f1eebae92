"""The program that has imported everything, and forks processes as often as is asked for.

``python -m tests.support.warm_program [paths of tests]``: with paths it forks pytest's workers, and
has imported these tests. Its standard input is the socket for the requests.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import warnings
from pathlib import Path
from typing import Final

import pytest

from tests.support.leftovers import MARK
from tests.support.plain_previews import draw_squares
from tests.support.warm_processes import Starter

_MODULES: Final = (
    "aiosqlite",
    "alembic.command",
    "anyio._backends._asyncio",
    "dbos._dbos",
    "dbos._sys_db_sqlite",
    "gql_server.bootstrap.web",
    "gql_server.bootstrap.worker",
    "gql_server.cli.migrate",
    "gql_server.cli.serve",
    "gql_server.cli.worker",
    "h11",
    "httpcore",
    "psycopg",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.httptools_impl",
    "websockets",
)
_MAX_MESSAGE: Final = 200_000
_SET_NAME: Final = 15


def main() -> None:
    """Import what the processes need; then fork them."""
    control = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends when nobody has its socket any more
    forks_workers = len(sys.argv) > 1
    if forks_workers and not _tests_imported(sys.argv[1:]):
        return
    _prepare()
    gc.collect()
    gc.freeze()  # so that no collection writes to the memory that all share
    _serve(control, forks_workers=forks_workers)


def _prepare() -> None:
    """Build what a server with no settings builds at its start, except what it opens."""
    for module in _MODULES:
        importlib.import_module(module)
    # pytest rewrites the tests' modules, and so imports everything first.
    from sqlalchemy.orm import configure_mappers  # noqa: PLC0415

    from gql_server.api.schema import build_schema  # noqa: PLC0415
    from gql_server.graphql.execution.limits import Limits  # noqa: PLC0415
    from gql_server.inference.catalogue import load_catalogue  # noqa: PLC0415

    build_schema(Limits())
    configure_mappers()
    load_catalogue()


def _tests_imported(paths: list[str]) -> bool:
    """Import tests as pytest does; return whether all could be."""
    # Nothing is captured: modules may keep the streams that they find.
    options = ("--collect-only", "--capture=no", "--numprocesses=0", "-p", "no:cacheprovider")
    threshold = gc.get_threshold()
    output = os.dup(1)
    _write_nowhere()
    code = pytest.main([*options, *paths])
    sys.stdout.flush()
    os.dup2(output, 1)
    os.close(output)
    gc.set_threshold(*threshold)
    return code in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}


def _write_nowhere() -> None:
    """Have standard output go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _serve(control: socket.socket, *, forks_workers: bool) -> None:
    """Fork a process for each request. It returns at the end of them, and in each such process."""
    if not forks_workers:
        os.setsid()
        draw_squares(pytest.MonkeyPatch())
    while message := socket.recv_fds(control, _MAX_MESSAGE, 3):
        data, files, *_ = message
        if not data:
            return
        pid = _forked_twice()
        if pid == 0:
            control.close()
            _become(*json.loads(data), files=files, is_worker=forks_workers)
            return
        control.send(str(pid).encode())
        for file in files:
            os.close(file)


def _forked_twice() -> int:
    """Fork a process whose parent ends; return its ID here and 0 there."""
    reader, writer = os.pipe()
    # From Python 3.12 on it warns of threads; that of pyarrow's allocator knows about forks.
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        between = os.fork()
    if between:
        os.close(writer)
        os.waitpid(between, 0)
        pid = int(os.read(reader, 100))
        os.close(reader)
        return pid
    os.close(reader)
    if pid := os.fork():
        os.write(writer, str(pid).encode())
        os._exit(0)
    os.close(writer)
    return 0


def _become(
    command: list[str],
    folder: str,
    environment: dict[str, str],
    *,
    files: list[int],
    is_worker: bool,
) -> None:
    """Be a process that somebody started by this command."""
    if is_worker and _has_forked_a_starter():
        return
    if not is_worker:
        os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for target, file in enumerate(files):
        os.dup2(file, target)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    if MARK in environment:
        _name_process(Path(environment[MARK]).name)
    if command[1] == "-m":
        sys.argv = command[2:]
        if not hasattr(sys.modules.get(command[2]), "__path__"):
            sys.modules.pop(command[2], None)
        runpy.run_module(command[2], run_name="__main__", alter_sys=True)
    else:
        exec(command[-1], {"__name__": "__main__"})


def _has_forked_a_starter() -> bool:
    """Fork what forks the processes that this one will start; return whether this is that one."""
    Starter.inherited, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork():
        other.close()
        return False
    Starter.inherited.close()
    _write_nowhere()
    _serve(other, forks_workers=False)
    return True


def _name_process(name: str) -> None:
    """Name it: its environment is not what the system shows."""
    ctypes.CDLL(None).prctl(_SET_NAME, name.encode(), 0, 0, 0)


if __name__ == "__main__":
    main()
