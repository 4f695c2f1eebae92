"""A process that asks a server for ``/health`` until its input ends, and prints how long it took.

python -m tests.support.probe_program http://127.0.0.1:8000
"""

import http.client
import json
import select
import sys
import time
from urllib.parse import urlsplit

_WARM_UP = 5
_AFTERWARDS = 3
_PAUSE_SECONDS = 0.005


def main(url: str) -> None:
    """Ask over and over, on one connection."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)

    def ask() -> float:
        before = time.perf_counter()
        connection.request("GET", "/health")
        response = connection.getresponse()
        response.read()
        assert response.status == 200
        return time.perf_counter() - before

    for _ in range(_WARM_UP):
        ask()
    print(flush=True)  # noqa: T201 - for the process that waits
    latencies = []
    while not select.select([sys.stdin], [], [], _PAUSE_SECONDS)[0]:
        latencies.append(ask())
    latencies.extend(ask() for _ in range(_AFTERWARDS))
    print(json.dumps(latencies))  # noqa: T201 - its result


if __name__ == "__main__":
    main(sys.argv[1])
