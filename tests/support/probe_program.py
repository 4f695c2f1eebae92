"""A process that asks a server until its input ends, and prints how long each answer took.

Without a key it asks for ``/health``; with one it reads lists, and makes a picture now and then.
The time in which this process or the server was ready to run and had no processor does not count:
other programs took it.

    python -m tests.support.probe_program http://127.0.0.1:8000 PID [gqls_…]
"""

import http.client
import json
import select
import sys
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from urllib.parse import urlsplit

_WARM_UP = 5
_AFTERWARDS = 3
_PAUSE_SECONDS = 0.005
_PICTURE_EACH = 150
_LIST = "{ images(first: 10) { edges { node { id model { name } } } } }"
_MAKE = """mutation { generateImage(input: {
  prompt: "A red fox", model: "@cf/black-forest-labs/flux-1-schnell"
}) { image { id } userErrors { message } } }"""


def main(url: str, server: str, key: str | None = None) -> None:
    """Ask over and over, on one connection."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)

    numbers = count(1)

    def ask() -> float:
        before, waited = time.perf_counter(), without_processor("self", server)
        if key is None:
            connection.request("GET", "/health")
        else:
            body = _MAKE if next(numbers) % _PICTURE_EACH == 0 else _LIST
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {key}"}
            connection.request("POST", "/graphql", json.dumps({"query": body}), headers)
        response = connection.getresponse()
        answer = response.read()
        assert response.status == 200, answer
        assert b'"errors"' not in answer, answer
        took = time.perf_counter() - before
        return max(0.0, took - (without_processor("self", server) - waited))

    for _ in range(_WARM_UP):
        ask()
    print(flush=True)  # noqa: T201 - for the process that waits
    latencies = []
    while not select.select([sys.stdin], [], [], _PAUSE_SECONDS)[0]:
        latencies.append(ask())
    latencies.extend(ask() for _ in range(_AFTERWARDS))
    print(json.dumps(latencies))  # noqa: T201 - its result


def without_processor(*processes: str) -> float:
    """Return the seconds that all threads of some processes have waited for a processor.

    It is 0 where the system does not tell: other systems than Linux.
    """
    waited = 0
    for process in processes:
        for thread in Path("/proc", process, "task").glob("*/schedstat"):
            with suppress(OSError):  # the thread has ended
                waited += int(thread.read_text().split()[1])
    return waited / 1e9


if __name__ == "__main__":
    main(*sys.argv[1:])
