"""Every attack at once, with ordinary traffic beside it: `make test-survival`.

The server has a memory limit, and a probe in another process asks for ``/health``. Each attack
stands in tests/attacks/, beside the bound that holds it (docs/decisions/0021-threat-model.md):

| rows | attack | bound |
| --- | --- | --- |
| 1 | inflating frames | no compression, 32 KiB before an acknowledgement |
| 2 | unread pings, tiny frames, endless fragments | rates, stalled writes aborted |
| 3, 27 | estimates, large batches | cost by pictures, slices of 5 ms |
| 4, 16 | long and distinct documents | 65,536 characters, caches weighed in memory |
| 5 | long pictures | sides and ratio before decoding |
| 6-8 | timelines, pages by variables | estimates are never below what is returned |
| 9 | dear events | each event is paid for |
| 10 | performance of models | counts for admins, a day at least |
| 11, 15 | webhook addresses | one refusal |
| also | renditions, uploads, compressed bodies | allowance by address, quotas, 415 |
"""

import asyncio
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from tests.attacks import addresses, http, operations, pictures, websockets
from tests.attacks.operations import send
from tests.support.probe import MIB, Probe, probed
from tests.support.process import ServerProcess, create_key, server_process

pytestmark = [pytest.mark.anyio, pytest.mark.survival, pytest.mark.timeout(300)]

MEMORY_LIMIT = 1024 * MIB
P99_SECONDS = 0.5
REST_SECONDS = 30

Attack = Callable[[str, Mapping[str, str]], Awaitable[None]]
ATTACKS: Mapping[str, Attack] = {
    name: attack
    for module in (addresses, http, operations, pictures, websockets)
    for name, attack in inspect.getmembers(module, inspect.iscoroutinefunction)
    if name.startswith("attack_") and attack.__module__ == module.__name__
}


@asynccontextmanager
async def attacked_server(folder: Path) -> AsyncIterator[tuple[ServerProcess, Mapping[str, str]]]:
    """Start a server that asks for keys, and make one for each role."""
    keys = {
        role: await create_key(folder, role, user=f"the_{role}")
        for role in ("reader", "creator", "admin")
    }
    async with server_process(folder, {"AUTH": "keys", "LOG_LEVEL": "error"}) as server:
        yield server, keys


@asynccontextmanager
async def limited(server: ServerProcess) -> AsyncIterator[None]:
    """Kill the server as soon as it has more memory than it may."""
    process = psutil.Process(server.process.pid)

    async def watch() -> None:
        while True:
            if process.memory_info().rss > MEMORY_LIMIT:
                server.process.kill()
                return
            await asyncio.sleep(0.02)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()


async def at_rest(probe: Probe) -> bool:
    """Tell whether the server does nothing for half a second."""
    before = probe.cpu
    await asyncio.sleep(0.5)
    return probe.cpu - before < 0.1


async def test_every_attack_at_once_leaves_the_server_standing(tmp_path: Path) -> None:
    assert len(ATTACKS) >= 14
    async with attacked_server(tmp_path) as (server, keys), limited(server):
        await send(server.url, keys["creator"], "{ models { id } }")
        async with probed(server) as probe:
            async with probed(server, keys["admin"]) as ordinary:
                await asyncio.gather(*(attack(server.url, keys) for attack in ATTACKS.values()))
            async with asyncio.timeout(REST_SECONDS):
                while not await at_rest(probe):
                    pass
            assert len(psutil.Process(server.process.pid).net_connections()) < 20
        assert server.process.returncode is None
        figures = {
            "peak MiB": probe.peak_bytes / MIB,
            "health p99": probe.percentile(0.99),
            "health worst": probe.worst,
            "ordinary requests": len(ordinary.latencies),
            "ordinary p99": ordinary.percentile(0.99),
            "cpu": probe.cpu_used,
        }
        assert probe.peak_bytes < MEMORY_LIMIT, figures
        assert probe.percentile(0.99) < P99_SECONDS, figures
        assert ordinary.percentile(0.99) < P99_SECONDS, figures
        answer = await send(server.url, keys["reader"], "{ viewer { userId } }")
        assert answer["data"] == {"viewer": {"userId": "the_reader"}}


@pytest.mark.parametrize("name", ATTACKS)
async def test_each_attack_alone_is_bounded(tmp_path: Path, name: str) -> None:
    async with attacked_server(tmp_path) as (server, keys), limited(server):
        for role in ("reader", "creator"):
            await send(server.url, keys[role], "{ models { id } }")
        async with probed(server) as probe:
            await ATTACKS[name](server.url, keys)
            async with asyncio.timeout(REST_SECONDS):
                while not await at_rest(probe):
                    pass
        figures = {"growth": probe.growth, "p99": probe.percentile(0.99), "worst": probe.worst}
        assert server.process.returncode is None
        assert probe.growth < 400, figures
        assert probe.percentile(0.99) < P99_SECONDS, figures
