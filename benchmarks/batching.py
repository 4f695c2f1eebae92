"""generateBatch: how long a batch takes beside its model alone, and the memory it needs."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.client import Connection, graphql_data, graphql_request, post_request
from benchmarks.processes import ServerProcess, server_process
from benchmarks.report import BatchTiming

_MODEL: Final = "@cf/black-forest-labs/flux-1-schnell"
_MUTATION: Final = """
mutation Generate($input: GenerateBatchInput!) {
  generateBatch(input: $input) { batch { id } userErrors { message } }
}
"""
_STATUS: Final = "query ($id: ID!) { batch(id: $id) { status finishedAt succeeded } }"
_LOOK_SECONDS: Final = 1.0
"""Each look costs the server what it could make a picture with; when it ended is read, not seen."""


def measure_batches(
    folder: Path, *, latency: float, concurrency: int, pictures: Sequence[int]
) -> Sequence[BatchTiming]:
    """Have batches made one after the other, each after the same calls of the model alone.

    Args:
        folder: For the product's database and pictures, and the servers' logs.
        latency: Seconds that the model takes.
        concurrency: How many pictures are made at once.
        pictures: How many each batch has.
    """
    with ExitStack() as stack:
        model = stack.enter_context(
            server_process(
                ["benchmarks.fake_model", "--port", "{port}", "--latency", str(latency)],
                folder / "model.log",
            )
        )
        product = stack.enter_context(
            server_process(
                ["gql_server", "serve", "--port", "{port}"],
                folder / "product.log",
                {
                    "DATA_DIR": str(folder),
                    "CLOUDFLARE_ACCOUNT_ID": "benchmark",
                    "CLOUDFLARE_API_TOKEN": "benchmark",
                    "WORKERS_AI_BASE_URL": f"http://127.0.0.1:{model.port}/client/v4",
                    "WORKERS_AI_REQUESTS_PER_MINUTE": "1000000",
                    "BATCH_CONCURRENCY": str(concurrency),
                },
            )
        )
        return asyncio.run(_measure(model, product, latency, concurrency, pictures))


async def _measure(
    model: ServerProcess,
    product: ServerProcess,
    latency: float,
    concurrency: int,
    pictures: Sequence[int],
) -> Sequence[BatchTiming]:
    await _batch(product, 2 * concurrency)  # what is read and made once is not measured
    found = []
    for count in pictures:
        alone = await _alone(model, count, concurrency)
        cpu = product.cpu_seconds()
        seconds = await _batch(product, count)
        found.append(
            BatchTiming(
                pictures=count,
                concurrency=concurrency,
                ideal=count * latency / concurrency,
                alone=alone,
                seconds=seconds,
                cpu=(product.cpu_seconds() - cpu) / count * 1000,
                megabytes=product.resident_megabytes(),
            )
        )
    return found


async def _alone(model: ServerProcess, pictures: int, concurrency: int) -> float:
    """Return the seconds that the model takes for so many calls."""
    run = post_request(f"/client/v4/accounts/benchmark/ai/run/{_MODEL}", {"prompt": "a lighthouse"})
    left = iter(range(pictures))

    async def one_after_the_other() -> None:
        connection = await Connection.to(model.port)
        for _ in left:
            await connection.post(run)
        connection.close()

    started = time.perf_counter()
    await asyncio.gather(*(one_after_the_other() for _ in range(concurrency)))
    return time.perf_counter() - started


async def _batch(product: ServerProcess, pictures: int) -> float:
    """Return the seconds from the request for a batch to its end."""
    connection = await Connection.to(product.port)

    async def ask(query: str, **variables: Any) -> dict[str, Any]:
        return graphql_data(await connection.post(graphql_request(query, variables)))

    prompts = [f"a lighthouse in the storm, number {number}" for number in range(pictures)]
    started = datetime.now(UTC)
    payload = (await ask(_MUTATION, input={"model": _MODEL, "pictures": {"prompts": prompts}}))[
        "generateBatch"
    ]
    if payload["userErrors"]:
        raise RuntimeError(f"no batch was accepted: {payload['userErrors']}")
    while True:
        batch = (await ask(_STATUS, id=payload["batch"]["id"]))["batch"]
        if batch["finishedAt"] is not None:
            break
        await asyncio.sleep(_LOOK_SECONDS)
    connection.close()
    if batch["succeeded"] != pictures:
        raise RuntimeError(f"a batch has failed: {batch}")
    return (datetime.fromisoformat(batch["finishedAt"]) - started).total_seconds()
