"""A process that asks a server until its input ends, and prints how long each answer took.

Without a key it asks for ``/health``; with one it reads lists, and makes a picture now and then.

    python -m tests.support.probe_program http://127.0.0.1:8000 [gqls_…]
"""

import http.client
import json
import select
import sys
import time
from itertools import count
from urllib.parse import urlsplit

_WARM_UP = 5
_AFTERWARDS = 3
_PAUSE_SECONDS = 0.005
_PICTURE_EACH = 150
_LIST = "{ images(first: 10) { edges { node { id model { name } } } } }"
_MAKE = """mutation { generateImage(input: {
  prompt: "A red fox", model: "@cf/black-forest-labs/flux-1-schnell"
}) { image { id } userErrors { message } } }"""


def main(url: str, key: str | None = None) -> None:
    """Ask over and over, on one connection."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=120)

    numbers = count(1)

    def ask() -> float:
        before = time.perf_counter()
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
    main(*sys.argv[1:])
