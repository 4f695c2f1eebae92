"""A hundred thousand documents that are all different leave the process where it was."""

import asyncio
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.probe import MIB
from tests.support.process import server_process

pytestmark = [pytest.mark.anyio, pytest.mark.survival, pytest.mark.timeout(7200)]

DOCUMENTS = int(os.environ.get("DISTINCT_DOCUMENTS", "100000"))
CLIENTS = 16
MAX_GROWTH = 24 * MIB
"""After the caches are full; what allocators of a busy process keep in fragments."""


def documents() -> Iterator[str]:
    """Every kind of document that has a plan, and one that has none, each with names of its own."""
    for number in itertools.count():
        yield f"{{ a{number}: models {{ id b{number}: name }} }}"
        yield f'{{ a{number}: image(id: "img_x") {{ id b{number}: model {{ id }} }} }}'
        yield f"{{ images(first: 2) {{ a{number}: edges {{ node {{ id b{number}: cost }} }} }} }}"
        yield f"query ($a{number}: Int) {{ images(first: $a{number}) {{ totalCount }} }}"
        yield f"{{ a{number}: __typename @include(if: true) costAnalytics {{ totalImages }} }}"


async def test_distinct_documents_take_no_more_memory(tmp_path: Path) -> None:
    async with (
        server_process(tmp_path, {"LOG_LEVEL": "error"}) as server,
        httpx.AsyncClient(base_url=server.url, timeout=60) as client,
    ):
        process = psutil.Process(server.process.pid)
        source = documents()

        async def send(count: int) -> None:
            for query in itertools.islice(source, count):
                answer = (await client.post("/graphql", json={"query": query})).json()
                assert "errors" not in answer, (query, answer)

        sizes = []
        for _ in range(5):
            await asyncio.gather(*[send(DOCUMENTS // 5 // CLIENTS) for _ in range(CLIENTS)])
            sizes.append(process.memory_info().rss)
    assert max(sizes[1:]) - sizes[0] < MAX_GROWTH, [size // MIB for size in sizes]
