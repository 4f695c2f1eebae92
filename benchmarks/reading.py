"""Lists: a page of 50 pictures with their models, and the models, beside the plain server."""

import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from benchmarks.client import Connection, graphql_data, graphql_request
from benchmarks.dataset import DATABASE_NAME, cursor, make_dataset
from benchmarks.processes import ServerProcess, server_process
from benchmarks.report import Comparison, Timing

_PAGE_QUERY: Final = """
query Page($first: Int!, $after: String) {
  images(first: $first, after: $after) {
    edges {
      cursor
      node {
        id prompt url r2Url width height cost createdAt tags isPreview
        model { id name costPerImage }
      }
    }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
_MODELS_QUERY: Final = """
query Models {
  models {
    id name provider description speed quality typicalSeconds { minimum maximum }
    costPerImage capabilities parameters { name type default minimum maximum }
    isRecommended isBeta
  }
}
"""
_PAGE_SIZE: Final = 50
_PAGES: Final = 40
_BLOCK: Final = 10
"""Requests to one server before it is the other's turn."""


@dataclass(slots=True)
class _Contender:
    server: ServerProcess
    connection: Connection
    latencies: list[float] = field(default_factory=list)
    cpu_seconds_before: float = field(init=False)

    def __post_init__(self) -> None:
        self.cpu_seconds_before = self.server.cpu_seconds()

    async def ask(self, requests: Sequence[bytes]) -> None:
        for request in requests:
            started = time.perf_counter()
            await self.connection.post(request)
            self.latencies.append(time.perf_counter() - started)

    def timing(self) -> Timing:
        cpu_seconds = self.server.cpu_seconds() - self.cpu_seconds_before
        return Timing(
            milliseconds=statistics.median(self.latencies) * 1000,
            cpu_milliseconds=cpu_seconds / len(self.latencies) * 1000,
        )


def compare_lists(folder: Path, *, images: int, requests: int) -> Sequence[Comparison]:
    """Ask both servers the same, turn by turn.

    Args:
        folder: For the database and the servers' logs.
        images: How many there are.
        requests: How many each server answers of each kind.

    Raises:
        RuntimeError: The servers' answers differ.
    """
    make_dataset(folder, images)
    with ExitStack() as stack:
        product = stack.enter_context(
            server_process(
                ["gql_server", "serve", "--port", "{port}"],
                folder / "product.log",
                {"DATA_DIR": str(folder), "PUBLIC_URL": "http://127.0.0.1:8000"},
            )
        )
        plain = stack.enter_context(
            server_process(
                ["uvicorn", "benchmarks.plain_server:app", "--port", "{port}", "--no-access-log"],
                folder / "plain.log",
                {"BENCHMARK_DATABASE": str(folder / DATABASE_NAME)},
            )
        )
        return asyncio.run(_compare(product, plain, images, requests))


async def _compare(
    product: ServerProcess, plain: ServerProcess, images: int, requests: int
) -> Sequence[Comparison]:
    connections = [await Connection.to(server.port) for server in (product, plain)]
    random = Random(_PAGE_SIZE)
    places = [None, *(cursor(random.randrange(images)) for _ in range(_PAGES - 1))]
    pages = [
        graphql_request(_PAGE_QUERY, {"first": _PAGE_SIZE, "after": place}) for place in places
    ]
    try:
        return [
            await _contest(name, messages, requests, (product, plain), connections)
            for name, messages in (
                (f"page of {_PAGE_SIZE} of {images:,} images", pages),
                ("list of models", [graphql_request(_MODELS_QUERY)]),
            )
        ]
    finally:
        for connection in connections:
            connection.close()


async def _contest(
    name: str,
    messages: Sequence[bytes],
    requests: int,
    servers: Sequence[ServerProcess],
    connections: Sequence[Connection],
) -> Comparison:
    for request in messages:
        ours, theirs = [graphql_data(await one.post(request)) for one in connections]
        if ours != theirs:
            raise RuntimeError(f"{name}: the servers' answers differ:\n{_difference(ours, theirs)}")
    contenders = [_Contender(*pair) for pair in zip(servers, connections, strict=True)]
    for turn in range(-(-requests // _BLOCK)):
        block = [messages[(turn * _BLOCK + number) % len(messages)] for number in range(_BLOCK)]
        for contender in contenders if turn % 2 else reversed(contenders):
            await contender.ask(block)
    product, plain = (contender.timing() for contender in contenders)
    return Comparison(name=name, product=product, plain=plain)


def _difference(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    return f"product: {str(ours)[:500]}\nplain: {str(theirs)[:500]}"
