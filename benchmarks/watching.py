"""batchProgress: what a thousand watchers cost beside graphql-ws on Node, and beside nobody."""

import asyncio
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.client import Connection, graphql_data, graphql_request, post_request
from benchmarks.processes import ServerProcess, node_process, server_process
from benchmarks.report import WatchTiming

_MODEL: Final = "@cf/black-forest-labs/flux-1-schnell"
_MUTATION: Final = """
mutation Generate($input: GenerateBatchInput!) {
  generateBatch(input: $input) { batch { id } userErrors { message } }
}
"""
_STATUS: Final = "query ($id: ID!) { batch(id: $id) { finishedAt succeeded } }"
_LOOK_SECONDS: Final = 1.0
_SETTLE_SECONDS: Final = 1.0
_TURNS: Final = 3
_UPDATES: Final = 30
_GAP_MILLISECONDS: Final = 100


def measure_watching(folder: Path, *, latency: float, pictures: int, watchers: int) -> WatchTiming:
    """Have batches made that nobody and that many watch, in turns, and the peer tell as many.

    Args:
        folder: For the product's database and pictures, and the servers' logs.
        latency: Seconds that the model takes.
        pictures: How many each batch has.
        watchers: How many sockets watch.
    """
    model_arguments = ["benchmarks.fake_model", "--port", "{port}", "--latency", str(latency)]
    with (
        server_process(model_arguments, folder / "model.log") as model,
        server_process(
            ["gql_server", "serve", "--port", "{port}"],
            folder / "product.log",
            {
                "DATA_DIR": str(folder),
                "CLOUDFLARE_ACCOUNT_ID": "benchmark",
                "CLOUDFLARE_API_TOKEN": "benchmark",
                "WORKERS_AI_BASE_URL": f"http://127.0.0.1:{model.port}/client/v4",
                "WORKERS_AI_REQUESTS_PER_MINUTE": "1000000",
                "LOG_LEVEL": "warning",
            },
        ) as product,
    ):
        asyncio.run(_batch(model, product, 32, 0))  # what is read and made once is not measured
        turns = [
            [asyncio.run(_batch(model, product, pictures, count)) for count in (0, watchers)]
            for _ in range(_TURNS)
        ]
    alone, watched = (_medians([turn[place] for turn in turns]) for place in (0, 1))
    with node_process("graphql_ws.mjs", folder / "peer.log") as peer:
        theirs = asyncio.run(_measure_peer(peer, watchers))
    return WatchTiming(
        watchers=watchers,
        pictures=pictures,
        alone=alone["seconds"],
        watched=watched["seconds"],
        kilobytes=turns[0][1]["kilobytes"],  # later ones take what the first gave back
        messages=watched["messages"],
        cpu=(watched["cpu"] - alone["cpu"]) / max(1, watched["messages"]) * 1e6,
        peer_kilobytes=theirs["kilobytes"],
        peer_messages=theirs["messages"],
        peer_cpu=theirs["cpu"] / theirs["messages"] * 1e6,
    )


def _medians(found: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


async def _batch(
    model: ServerProcess, product: ServerProcess, pictures: int, watchers: int
) -> dict[str, float]:
    """Have a batch made once it is watched; return its seconds and processor time."""

    async def ask(query: str, **variables: Any) -> dict[str, Any]:
        return graphql_data(await _post(product, graphql_request(query, variables)))

    await _post(model, post_request("/hold", {}))
    prompts = [f"a lighthouse in the storm, number {number}" for number in range(pictures)]
    payload = (await ask(_MUTATION, input={"model": _MODEL, "pictures": {"prompts": prompts}}))[
        "generateBatch"
    ]
    if payload["userErrors"]:
        raise RuntimeError(f"no batch was accepted: {payload['userErrors']}")
    batch_id = payload["batch"]["id"]
    await asyncio.sleep(_SETTLE_SECONDS)
    memory = product.resident_megabytes()
    with _watchers(product.port, watchers, batch_id) as client:
        await asyncio.sleep(_SETTLE_SECONDS)
        memory = product.resident_megabytes() - memory
        cpu, started = product.cpu_seconds(), datetime.now(UTC)
        await _post(model, post_request("/release", {}))
        seen = await asyncio.to_thread(_result, client) if client is not None else {"messages": 0}
        while True:
            batch = (await ask(_STATUS, id=batch_id))["batch"]
            if batch["finishedAt"] is not None:
                break
            await asyncio.sleep(_LOOK_SECONDS)
        cpu = product.cpu_seconds() - cpu
    if batch["succeeded"] != pictures or seen.get("items", pictures) != pictures:
        raise RuntimeError(f"a batch has failed: {batch}, {seen}")
    return {
        "seconds": (datetime.fromisoformat(batch["finishedAt"]) - started).total_seconds(),
        "cpu": cpu,
        "messages": seen["messages"],
        "kilobytes": memory * 1024 / max(1, watchers),
    }


async def _measure_peer(peer: ServerProcess, watchers: int) -> dict[str, float]:
    memory = peer.resident_megabytes()
    with _watchers(peer.port, watchers, None) as client:
        assert client is not None
        await asyncio.sleep(_SETTLE_SECONDS)
        memory, cpu = peer.resident_megabytes() - memory, peer.cpu_seconds()
        request = post_request(f"/publish?count={_UPDATES}&gap={_GAP_MILLISECONDS}", {})
        publishing = asyncio.create_task(_post(peer, request))
        seen = await asyncio.to_thread(_result, client)
        cpu = peer.cpu_seconds() - cpu
        await publishing
    return {"cpu": cpu, "messages": seen["messages"], "kilobytes": memory * 1024 / watchers}


async def _post(server: ServerProcess, request: bytes) -> bytes:
    """Post over a connection of its own: the server closes those that are idle for too long."""
    connection = await Connection.to(server.port)
    try:
        return await connection.post(request)
    finally:
        connection.close()


@contextmanager
def _watchers(
    port: int, count: int, batch_id: str | None
) -> Iterator["subprocess.Popen[str] | None"]:
    """Open so many watchers; the block begins once each has had its first message."""
    if count == 0:
        yield None
        return
    arguments = ["--port", str(port), "--watchers", str(count)]
    if batch_id is not None:
        arguments += ["--batch", batch_id]
    command = [sys.executable, "-m", "benchmarks.watchers", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline().strip() != "ready":
                raise RuntimeError("the watchers did not get ready")
            yield process
        finally:
            process.kill()


def _result(client: "subprocess.Popen[str]") -> dict[str, Any]:
    assert client.stdout is not None
    found: dict[str, Any] = json.loads(client.stdout.readline())
    if not found["each_once"]:
        raise RuntimeError("a watcher missed an item, or had one twice")
    return found
