"""Python processes that do not import everything anew: they are forked from one that has it.

Importing the server takes two seconds of processor time, and the tests start some hundred servers,
commands and programs. Forked ones are otherwise what an operator starts: each has its own process
ID, session, environment, folder, standard streams and signals, and is a child of the process that
started it. The schema is built and the catalogue read, which depend on no setting of most tests.
Previews show no scenes.

pytest's workers are forked too, by ``warm_workers.py``.
"""

import ctypes
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Final

import pytest

_PROGRAM: Final = "tests.support.warm_program"
_MODULES: Final = ("gql_server", "tests.support.job_program")
_OF_THE_INTERPRETER: Final = ("LD_", "PYTHON")
_SET_CHILD_SUBREAPER: Final = 36
_ROOT: Final = Path(__file__).parents[2]


class Starter:
    """A process that forks others, started when it is needed.

    Attributes:
        inherited: The socket to the one of this process, if this was forked itself.
    """

    inherited: ClassVar[socket.socket | None] = None

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._control = type(self).inherited
        self._process: subprocess.Popen[bytes] | None = None

    def start(
        self,
        command: Sequence[str],
        folder: str,
        environment: Mapping[str, str],
        files: Sequence[int],
    ) -> int | None:
        """Start a Python process; return its process ID, or None if the starter has ended."""
        control = self._control = self._control or self._started()
        request = [list(command), folder, dict(environment)]
        _adopt_orphans(is_on=True)
        try:
            socket.send_fds(control, [json.dumps(request).encode()], files)
            answer = control.recv(100)
        except OSError:
            return None
        finally:
            _adopt_orphans(is_on=False)
        return int(answer) if answer else None

    def close(self) -> None:
        """End it; the processes that it started stay."""
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            self._process.wait()

    def _started(self) -> socket.socket:
        control, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with other:
            self._process = subprocess.Popen(
                [sys.executable, "-m", _PROGRAM, *self._arguments],
                cwd=_ROOT,
                stdin=other.fileno(),
            )
        return control


@contextmanager
def warm_processes() -> Iterator[None]:
    """Fork what is started within the block by ``asyncio.create_subprocess_exec``, if it can be."""
    if sys.platform != "linux":
        yield
        return
    starter = Starter()
    with pytest.MonkeyPatch.context() as patch:
        warm = with_popen(starter, _can_be_forked)
        patch.setattr("asyncio.unix_events.subprocess", warm)
        try:
            yield
        finally:
            starter.close()


def with_popen(starter: Starter, is_warm: Any) -> SimpleNamespace:
    """Return the module ``subprocess``, whose ``Popen`` has processes forked where it can.

    Args:
        starter: What forks them.
        is_warm: Whether a command may be forked: it gets the command and the environment.
    """

    class WarmPopen(subprocess.Popen[bytes]):
        def _execute_child(self, args: Sequence[str], *given: Any) -> None:
            # These are positional in every Python since 3.9.
            cwd, env, streams = given[4], given[5], given[9:15]
            reads, _, _, writes, _, errors = streams
            pid = None
            if is_warm(args, env):
                files = [reads if reads != -1 else 0, writes if writes != -1 else 1]
                files.append(errors if errors != -1 else 2)
                folder = os.fspath(cwd) if cwd else os.getcwd()  # noqa: PTH109 - what is inherited
                environment = os.environ if env is None else env
                pid = starter.start(list(map(os.fspath, args)), folder, environment, files)
            if pid is None:
                super()._execute_child(args, *given)  # type: ignore[misc] # typeshed lacks it
                return
            self.pid = pid
            self._child_created = True
            self._close_pipe_fds(*streams)  # type: ignore[attr-defined] # typeshed lacks it

    return SimpleNamespace(**vars(subprocess) | {"Popen": WarmPopen})


def _can_be_forked(command: Sequence[str], environment: Mapping[str, str] | None) -> bool:
    given = os.environ if environment is None else environment
    return (
        list(command[:2]) == [sys.executable, "-m"]
        and command[2] in _MODULES
        and not any(name.startswith(_OF_THE_INTERPRETER) for name in given)
    )


def _adopt_orphans(*, is_on: bool) -> None:
    """Have processes below this one whose parent ends become its own children, or not any more."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(_SET_CHILD_SUBREAPER, int(is_on), 0, 0, 0) == 0
