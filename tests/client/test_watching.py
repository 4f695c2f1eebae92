"""Watching through lost connections and the death of the server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gql_server.client import AsyncClient, BatchItem, Generation, GenerationFailed, GqlServerError
from tests.batches.conftest import BatchHarness
from tests.client.conftest import opened
from tests.support.process import free_port, server_process, workers_ai_environment
from tests.support.running_app import FLUX, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import error

pytestmark = pytest.mark.anyio

IMAGES = 40


async def test_a_batch_is_watched_through_the_death_of_its_server_each_item_once(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.latency = 0.1
    settings = workers_ai_environment(fake_workers_ai, BATCH_CONCURRENCY="8", PROCESS_LEASE="2")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    seen: dict[str, list[int]] = {"async": [], "sync": []}
    lost: list[GqlServerError] = []

    async def watch(kind: str, batch_id: str) -> str:
        async with opened(kind, url, on_retry=lost.append) as client:
            async for update in client.watch_batch(batch_id):
                seen[kind] += [item.index for item in update.finished_items]
        return update.batch.status

    async with server_process(tmp_path, settings, port=port) as running:
        async with AsyncClient(url) as client:
            batch = await client.create_batch(
                [f"A red fox, {number}" for number in range(IMAGES)], model=FLUX
            )
        watchers = [asyncio.create_task(watch(kind, batch.id)) for kind in seen]
        async with asyncio.timeout(60):
            while not all(seen.values()):
                await asyncio.sleep(0.02)
        running.process.kill()
        await running.process.wait()
        assert all(len(indexes) < IMAGES for indexes in seen.values())
    async with server_process(tmp_path, settings, port=port):
        async with asyncio.timeout(120):
            assert await asyncio.gather(*watchers) == ["SUCCEEDED"] * 2
    assert lost
    for indexes in seen.values():
        assert sorted(indexes) == list(range(IMAGES))


async def test_a_watcher_whose_connection_breaks_receives_each_item_once(
    kind: str, tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    losses: list[GqlServerError] = []
    items: list[BatchItem] = []
    async with running_app(tmp_path / "data", workers_ai_settings(fake_workers_ai)) as app:
        harness = BatchHarness(app)
        batch_id = await harness.batch(30)
        async with (
            relay(app.settings.server_url) as (url, cut),
            opened(kind, url, on_retry=losses.append) as client,
            asyncio.TaskGroup() as work,
        ):
            async for update in client.watch_batch(batch_id):
                items.extend(update.finished_items)
                if update.batch.status == "QUEUED":
                    work.create_task(harness.work.run(harness.run(batch_id, 0)))
                elif len(items) == 20 and not losses:
                    cut()
                    work.create_task(harness.work.run(harness.run(batch_id, 1)))
            rest = [one async for one in client.watch_batch(batch_id, after=28)]
    assert losses
    assert sorted(item.index for item in items) == list(range(30))
    assert update.batch.status == "SUCCEEDED"
    assert sum(len(one.finished_items) for one in rest) == 2


async def test_a_generation_in_the_background_reports_its_progress_and_its_failure(
    kind: str, tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    settings = workers_ai_settings(fake_workers_ai)
    async with (
        running_app(tmp_path / "data", settings, runs_jobs=True) as app,
        opened(kind, app.settings.server_url) as client,
    ):
        states: list[Generation] = []
        image = await client.generate("A red fox", model=FLUX, on_progress=states.append)
        assert image == await client.image(image.id)
        assert [state.status for state in states][-1] == "SUCCEEDED"
        assert states[-1].is_finished
        assert (await client.generation(states[0].id)).image == image
        fake_workers_ai.always = error(3030, 400)
        generation = await client.start_generation("A grey fox", model=FLUX)
        with pytest.raises(GenerationFailed):
            await client.wait_for_generation(generation.id)


@asynccontextmanager
async def relay(url: str) -> AsyncIterator[tuple[str, "Cut"]]:
    """Pass bytes on to a server; give the address, and what breaks all connections off."""
    cut = Cut()
    port = urlsplit(url).port

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        beyond_reader, beyond_writer = await asyncio.open_connection("127.0.0.1", port)
        cut.writers |= {writer, beyond_writer}
        with suppress(ConnectionError):
            await asyncio.gather(pipe(reader, beyond_writer), pipe(beyond_reader, writer))
        # Its own end alone: other connections go on until they are cut.
        for own in (writer, beyond_writer):
            own.transport.abort()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", cut
    finally:
        listener.close()
        cut()
        await listener.wait_closed()


class Cut:
    """Breaks connections off."""

    def __init__(self) -> None:
        self.writers: set[asyncio.StreamWriter] = set()

    def __call__(self) -> None:
        for writer in self.writers:
            writer.transport.abort()
        self.writers.clear()


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
