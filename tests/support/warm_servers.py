"""`gql-server serve`, `worker` and `migrate` as processes that do not import everything anew.

Importing the server takes two seconds of processor time, and the tests start some hundred servers.
They are forked from one process that has imported it, and has built the schema and read the
catalogue, which depend on no setting of most tests. Their previews show no scenes. They are
otherwise what an operator starts: each has its own process ID, session, environment, folder,
standard streams and signals, and is a child of the process that started it.
"""

import ctypes
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest
from sqlalchemy.orm import configure_mappers

from gql_server.api.schema import build_schema
from gql_server.cli import main as run_command_line
from gql_server.graphql.execution.limits import Limits
from gql_server.inference.catalogue import load_catalogue
from tests.support.plain_previews import draw_squares

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
_COMMANDS: Final = frozenset({"migrate", "serve", "worker"})
_OF_THE_INTERPRETER: Final = ("LD_", "PYTHON")
_MAX_MESSAGE: Final = 200_000
_SET_CHILD_SUBREAPER: Final = 36
_ROOT: Final = Path(__file__).parents[2]


@contextmanager
def warm_servers() -> Iterator[None]:
    """Fork the servers that are started within the block by ``asyncio.create_subprocess_exec``."""
    if sys.platform != "linux":
        yield
        return
    starter = _Starter()

    class WarmPopen(subprocess.Popen[bytes]):
        def _execute_child(self, args: Sequence[str], *given: Any) -> None:
            # These are positional in every Python since 3.9.
            cwd, env, streams = given[4], given[5], given[9:15]
            if not _is_server(args, env):
                super()._execute_child(args, *given)  # type: ignore[misc] # typeshed lacks it
                return
            reads, _, _, writes, _, errors = streams
            files = [reads if reads != -1 else 0, writes if writes != -1 else 1]
            files.append(errors if errors != -1 else 2)
            self.pid = starter.start(args[3:], os.fspath(cwd), env, files)
            self._child_created = True
            self._close_pipe_fds(*streams)  # type: ignore[attr-defined] # typeshed lacks it

    warm = SimpleNamespace(**vars(subprocess) | {"Popen": WarmPopen})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("asyncio.unix_events.subprocess", warm)
        try:
            yield
        finally:
            starter.close()


def _is_server(command: Sequence[str], environment: Mapping[str, str] | None) -> bool:
    return (
        list(command[:3]) == [sys.executable, "-m", "gql_server"]
        and command[3] in _COMMANDS
        and environment is not None
        and not any(name.startswith(_OF_THE_INTERPRETER) for name in environment)
    )


class _Starter:
    """The process that has imported the server; it is started when it is needed."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._control, self._other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def start(
        self,
        arguments: Sequence[str],
        folder: str,
        environment: Mapping[str, str],
        files: list[int],
    ) -> int:
        """Start a server; return its process ID."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.warm_servers"],
                cwd=_ROOT,
                stdin=self._other.fileno(),
                start_new_session=True,
            )
            self._other.close()
        request = [list(arguments), folder, dict(environment)]
        _adopt_orphans(is_on=True)
        try:
            socket.send_fds(self._control, [json.dumps(request).encode()], files)
            answer = self._control.recv(100)
        finally:
            _adopt_orphans(is_on=False)
        assert answer, "the process that starts servers has ended"
        return int(answer)

    def close(self) -> None:
        """End it; the servers that it started stay."""
        self._control.close()
        if self._process is None:
            self._other.close()
        else:
            self._process.wait()


def _adopt_orphans(*, is_on: bool) -> None:
    """Have processes below this one whose parent ends become its own children, or not any more."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(_SET_CHILD_SUBREAPER, int(is_on), 0, 0, 0) == 0


def main() -> None:
    """Import the server, then fork it as often as is asked for."""
    control = socket.socket(fileno=os.dup(0))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for module in _MODULES:
        importlib.import_module(module)
    _prepare()
    gc.collect()
    gc.freeze()  # so that no collection writes to the memory that all share
    while message := socket.recv_fds(control, _MAX_MESSAGE, 3):
        data, files, *_ = message
        if not data:
            return
        pid = _forked_twice()
        if pid == 0:
            control.close()
            _become(*json.loads(data), files=files)
            return
        control.send(str(pid).encode())
        for file in files:
            os.close(file)


def _prepare() -> None:
    """Build what a server with no settings builds at its start, except what it opens."""
    build_schema(Limits())
    configure_mappers()
    load_catalogue()
    draw_squares(pytest.MonkeyPatch())


def _forked_twice() -> int:
    """Fork a process whose parent ends; return its ID here and 0 there."""
    reader, writer = os.pipe()
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
    arguments: list[str], folder: str, environment: dict[str, str], *, files: list[int]
) -> None:
    """Be a process that an operator started."""
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for target, file in enumerate(files):
        os.dup2(file, target)
        os.close(file)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[1:] = arguments
    run_command_line()


if __name__ == "__main__":
    main()
