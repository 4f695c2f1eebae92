"""A page of 50 images with their models, one image, and the models, beside two other servers."""

import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

import orjson

from benchmarks.client import Connection, graphql_data, graphql_request
from benchmarks.dataset import DATABASE_NAME, cursor, image_id, make_dataset
from benchmarks.processes import ServerProcess, node_process, server_process
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
_IMAGE_QUERY: Final = """
query Image($id: ID!) {
  image(id: $id) {
    id prompt url r2Url width height cost createdAt tags isPreview
    model { id name costPerImage }
  }
}
"""
_PAGE_SIZE: Final = 50
_PAGES: Final = 40
_BLOCK: Final = 50
"""Requests to one server before it is the other's turn."""


@dataclass(slots=True)
class _Contender:
    server: ServerProcess
    latencies: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0

    async def ask(self, requests: Sequence[bytes]) -> None:
        # Anew for each block: servers close what stays idle while others have their turns.
        connection = await Connection.to(self.server.port)
        before = self.server.cpu_seconds()
        for request in requests:
            started = time.perf_counter()
            await connection.post(request)
            self.latencies.append(time.perf_counter() - started)
        self.cpu_seconds += self.server.cpu_seconds() - before
        connection.close()

    def timing(self) -> Timing:
        return Timing(
            milliseconds=statistics.median(self.latencies) * 1000,
            cpu_milliseconds=self.cpu_seconds / len(self.latencies) * 1000,
        )


def compare_lists(folder: Path, *, images: int, requests: int) -> Sequence[Comparison]:
    """Ask all servers the same, turn by turn.

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
        models = graphql_data(asyncio.run(_post(product, graphql_request(_MODELS_QUERY))))["models"]
        file = folder / "models.json"
        file.write_bytes(orjson.dumps(models))
        environment = {"DATABASE": str(folder / DATABASE_NAME), "MODELS": str(file)}
        plain = stack.enter_context(
            server_process(
                ["uvicorn", "benchmarks.plain_server:app", "--port", "{port}", "--no-access-log"],
                folder / "plain.log",
                environment,
            )
        )
        mercurius = stack.enter_context(
            node_process("mercurius.mjs", folder / "mercurius.log", environment)
        )
        return asyncio.run(_compare((product, plain, mercurius), images, requests))


async def _post(server: ServerProcess, request: bytes) -> bytes:
    connection = await Connection.to(server.port)
    try:
        return await connection.post(request)
    finally:
        connection.close()


async def _compare(
    servers: Sequence[ServerProcess], images: int, requests: int
) -> Sequence[Comparison]:
    random = Random(_PAGE_SIZE)
    places = [None, *(cursor(random.randrange(images)) for _ in range(_PAGES - 1))]
    pages = [
        graphql_request(_PAGE_QUERY, {"first": _PAGE_SIZE, "after": place}) for place in places
    ]
    single = [
        graphql_request(_IMAGE_QUERY, {"id": image_id(random.randrange(images))})
        for _ in range(_PAGES)
    ]
    return [
        await _contest(name, messages, requests, servers)
        for name, messages in (
            (f"page of {_PAGE_SIZE} of {images:,} images", pages),
            ("one image", single),
            ("list of models", [graphql_request(_MODELS_QUERY)]),
        )
    ]


async def _contest(
    name: str,
    messages: Sequence[bytes],
    requests: int,
    servers: Sequence[ServerProcess],
) -> Comparison:
    for request in messages:
        # Mercurius and the product compile what has come before.
        for _ in range(2):
            ours, *others = [graphql_data(await _post(server, request)) for server in servers]
        for theirs in others:
            if ours != theirs:
                difference = _difference(ours, theirs)
                raise RuntimeError(f"{name}: the servers' answers differ:\n{difference}")
    contenders = [_Contender(server) for server in servers]
    for turn in range(-(-requests // _BLOCK)):
        block = [messages[(turn * _BLOCK + number) % len(messages)] for number in range(_BLOCK)]
        for contender in contenders if turn % 2 else reversed(contenders):
            await contender.ask(block)
    product, plain, mercurius = (contender.timing() for contender in contenders)
    return Comparison(name=name, product=product, plain=plain, mercurius=mercurius)


def _difference(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    return f"product: {str(ours)[:500]}\nother: {str(theirs)[:500]}"
