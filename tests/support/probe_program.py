"""A process that asks a server until its input ends, and prints how long each answer took.

Without a key it asks for ``/health``; with one it reads lists, and makes a picture now and then.
The time in which this process or the server was ready to run and had no processor does not count:
other programs took it.

    python -m tests.support.probe_program http://127.0.0.1:8000 PID [gqls_…]
"""

import http.client
import json
import os
import select
import sys
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

_WARM_UP = 5
_LOOK_SECONDS = 1.0
_AFTERWARDS = 3
_PAUSE_SECONDS = 0.005
_IMAGE_EACH = 150
_LIST = "{ images(first: 10) { edges { node { id model { name } } } } }"
_MAKE = """mutation { generateImage(input: {
  prompt: "A red fox", model: "@cf/black-forest-labs/flux-1-schnell"
}) { image { id } userErrors { message } } }"""


def main(url: str, server: str, key: str | None = None) -> None:
    """Ask over and over, on one connection."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)

    numbers = count(1)

    waiting = Waiting("self", server)

    def ask() -> float:
        waiting.look_again()
        before, waited = time.perf_counter(), waiting.seconds()
        if key is None:
            connection.request("GET", "/health")
        else:
            body = _MAKE if next(numbers) % _IMAGE_EACH == 0 else _LIST
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
            connection.request("POST", "/graphql", json.dumps({"query": body}), headers)
        response = connection.getresponse()
        answer = response.read()
        assert response.status == 200, answer
        assert b'"errors"' not in answer, answer
        took = time.perf_counter() - before
        return max(0.0, took - (waiting.seconds() - waited))

    for _ in range(_WARM_UP):
        ask()
    print(flush=True)  # noqa: T201 - for the process that waits
    latencies = []
    while not select.select([sys.stdin], [], [], _PAUSE_SECONDS)[0]:
        latencies.append(ask())
    latencies.extend(ask() for _ in range(_AFTERWARDS))
    print(json.dumps(latencies))  # noqa: T201 - its result


class Waiting:
    """How long the threads of some processes have waited for a processor.

    It is 0 where the system does not tell: other systems than Linux. Reading it takes no time that
    would leave fewer questions to the server.
    """

    def __init__(self, *processes: str) -> None:
        self._folders = [Path("/proc", process, "task") for process in processes]
        self._files: dict[Path, int] = {}
        self._looked_at = float("-inf")

    def look_again(self) -> None:
        """Find threads that have begun, once a second."""
        if time.monotonic() - self._looked_at < _LOOK_SECONDS:
            return
        for folder in self._folders:
            for file in folder.glob("*/schedstat"):
                if file not in self._files:
                    with suppress(OSError):  # the thread has ended
                        self._files[file] = os.open(file, os.O_RDONLY)
        self._looked_at = time.monotonic()

    def seconds(self) -> float:
        """Return the time so far."""
        waited = 0
        for file in self._files.values():
            with suppress(OSError):  # the thread has ended
                waited += int(os.pread(file, 100, 0).split()[1])
        return waited / 1e9


if __name__ == "__main__":
    main(*sys.argv[1:])
