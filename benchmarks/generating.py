"""generateImage: what the product adds to a model that takes its time."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

from benchmarks.client import Connection, graphql_data, graphql_request, post_request
from benchmarks.fake_model import SIDE
from benchmarks.processes import ServerProcess, server_process
from benchmarks.report import Addition

_MODEL: Final = "@cf/black-forest-labs/flux-1-schnell"
_MUTATION: Final = """
mutation Generate($input: GenerateImageInput!) {
  generateImage(input: $input) {
    image { id prompt url r2Url width height cost parameters { seed } createdAt }
    userErrors { message code path }
  }
}
"""
_TURNS: Final = 4
"""How often the model alone and the product take turns under each load."""
_ALLOWED_PER_SECOND: Final = 12
"""What Cloudflare allows an account: 720 images a minute."""
_OPEN: Final = 64


@dataclass(slots=True)
class _Timings:
    latencies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu_seconds: float = 0.0


async def _ask(
    connection: Connection, request: Callable[[], bytes], check: Callable[[bytes], None]
) -> float:
    message = request()
    started = time.perf_counter()
    body = await connection.post(message)
    seconds = time.perf_counter() - started
    check(body)
    return seconds


class _Side:
    """The model alone, or the product with the model behind it."""

    def __init__(
        self,
        server: ServerProcess,
        request: Callable[[], bytes],
        check: Callable[[bytes], None],
    ) -> None:
        self._server = server
        self._request = request
        self._check = check

    async def run(self, in_flight: int, each: int, timings: _Timings | None = None) -> None:
        """Keep so many requests in flight until each of them was followed by some others."""
        kept = timings if timings is not None else _Timings()

        async def one_after_the_other(connection: Connection) -> None:
            for _ in range(each):
                kept.latencies.append(await _ask(connection, self._request, self._check))

        async with self._connections(in_flight, kept) as connections, asyncio.TaskGroup() as group:
            for connection in connections:
                group.create_task(one_after_the_other(connection))

    async def run_at_rate(self, per_second: int, number: int, kept: _Timings) -> None:
        """Send requests at a steady rate, whether earlier ones are answered or not."""
        async with self._connections(_OPEN, kept) as connections, asyncio.TaskGroup() as group:
            free = asyncio.Queue[Connection]()
            for connection in connections:
                free.put_nowait(connection)

            async def send_one() -> None:
                started = time.perf_counter()
                connection = await free.get()
                waited = time.perf_counter() - started
                seconds = await _ask(connection, self._request, self._check)
                kept.latencies.append(waited + seconds)
                free.put_nowait(connection)

            started = time.perf_counter()
            for sent in range(number):
                await asyncio.sleep(max(0.0, started + sent / per_second - time.perf_counter()))
                group.create_task(send_one())

    @asynccontextmanager
    async def _connections(
        self, number: int, kept: _Timings
    ) -> AsyncIterator[Sequence[Connection]]:
        connections = [await Connection.to(self._server.port) for _ in range(number)]
        cpu_before, started = self._server.cpu_seconds(), time.perf_counter()
        try:
            yield connections
        finally:
            kept.seconds += time.perf_counter() - started
            kept.cpu_seconds += self._server.cpu_seconds() - cpu_before
            for connection in connections:
                connection.close()


def measure_generation(
    folder: Path, *, latency: float, pictures: Mapping[int, int]
) -> Sequence[Addition]:
    """Ask the model alone and through the product, turn by turn.

    Args:
        folder: For the product's database and pictures, and the servers' logs.
        latency: Seconds that the model takes.
        pictures: How many pictures are made, by how many of them are in flight at once; as many
            as the first of them also at the rate that Cloudflare allows an account.
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
                    "WORKERS_AI_REQUESTS_PER_MINUTE": "10000000",
                },
            )
        )
        return asyncio.run(_measure(model, product, pictures))


async def _measure(
    model: ServerProcess, product: ServerProcess, pictures: Mapping[int, int]
) -> Sequence[Addition]:
    numbers = count()

    def mutation() -> bytes:
        made = {"prompt": f"a lighthouse in the storm, number {next(numbers)}", "model": _MODEL}
        return graphql_request(_MUTATION, {"input": made})

    run = post_request(f"/client/v4/accounts/benchmark/ai/run/{_MODEL}", {"prompt": "a lighthouse"})
    alone = _Side(model, lambda: run, lambda _: None)
    through = _Side(product, mutation, _check_image)
    found: list[Addition] = []
    for in_flight, total in pictures.items():
        each = max(1, total // in_flight // _TURNS)
        by_alone, by_through = _Timings(), _Timings()
        for side in (alone, through):
            await side.run(in_flight, 2)
        for _ in range(_TURNS):
            await alone.run(in_flight, each, by_alone)
            await through.run(in_flight, each, by_through)
        found.append(_addition(f"{in_flight:>2} in flight", by_alone, by_through))
    by_alone, by_through = _Timings(), _Timings()
    number = max(_ALLOWED_PER_SECOND, next(iter(pictures.values())) // _TURNS)
    for _ in range(_TURNS):
        await alone.run_at_rate(_ALLOWED_PER_SECOND, number, by_alone)
        await through.run_at_rate(_ALLOWED_PER_SECOND, number, by_through)
    found.append(_addition(f"{_ALLOWED_PER_SECOND:>2} a second", by_alone, by_through))
    return found


def _check_image(body: bytes) -> None:
    payload = graphql_data(body)["generateImage"]
    if payload["userErrors"] or payload["image"]["width"] != SIDE:
        raise RuntimeError(f"no picture was made: {payload}")


def _addition(load: str, alone: _Timings, through: _Timings) -> Addition:
    model, product = (statistics.median(one.latencies) * 1000 for one in (alone, through))
    late = [statistics.quantiles(one.latencies, n=20)[-1] * 1000 for one in (alone, through)]
    return Addition(
        load=load,
        model_median=model,
        product_median=product,
        median=product - model,
        percentile_95=late[1] - late[0],
        cpu=through.cpu_seconds / len(through.latencies) * 1000,
        images_per_second=len(through.latencies) / through.seconds,
    )
