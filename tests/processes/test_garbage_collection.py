"""The garbage collector: few full collections, and garbage is still found."""

import asyncio
import gc
import socket
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn

from gql_server.cli.serve import GreetingServer
from gql_server.processes.garbage_collection import tune_garbage_collection
from gql_server.settings import Settings
from tests.support.waiting import WAIT_SECONDS

DEFAULT = (700, 10, 10)

pytestmark = pytest.mark.anyio


class Node:
    """An object that can refer to itself."""

    itself: "Node | None" = None


@pytest.fixture(autouse=True)
def _collector() -> Iterator[None]:
    before = gc.get_threshold()
    gc.set_threshold(*DEFAULT)
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


def full_collections() -> int:
    return int(gc.get_stats()[2]["collections"])


def test_a_thousand_sockets_start_no_full_collection() -> None:
    tune_garbage_collection()
    before = full_collections()
    kept = [[number] for number in range(270_000)]
    assert full_collections() == before
    assert len(kept) == 270_000


def test_cycles_are_collected() -> None:
    tune_garbage_collection()
    node = Node()
    node.itself = node
    found = weakref.ref(node)
    del node
    kept = [[number] for number in range(20_000)]
    assert found() is None
    assert len(kept) == 20_000


async def test_the_server_sets_it_when_it_has_started() -> None:
    async def app(_scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        assert message["type"] == "lifespan.shutdown"
        await send({"type": "lifespan.shutdown.complete"})

    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_config=None, lifespan="on")
        server = GreetingServer(config, Settings())
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        async with asyncio.timeout(WAIT_SECONDS):
            while not server.started:
                await asyncio.sleep(0)
        assert gc.get_threshold() != DEFAULT
        assert gc.get_freeze_count() > 0
        server.should_exit = True
        await serving
