"""The client on connections that break."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gql_server.client.answers import Batch, Item
from gql_server.client.batch import start_batch
from gql_server.client.downloads import Fetched, fetch_picture
from gql_server.client.errors import ServerRefused
from gql_server.client.folder import OutputFolder, OutputFolderError
from gql_server.client.server import open_server
from tests.batches.conftest import BatchHarness
from tests.support.faulty_proxy import Answer, CutAnswer, LoseAnswer, PassOn, running_proxy
from tests.support.running_app import FLUX, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio


@pytest.fixture
async def harness(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> AsyncIterator[BatchHarness]:
    async with running_app(tmp_path / "data", workers_ai_settings(fake_workers_ai)) as app:
        yield BatchHarness(app)


class Recorder:
    """Hears of batches, and of lost connections."""

    def __init__(self) -> None:
        self.batches: list[str] = []
        self.losses: list[str] = []

    def on_start(self, batch_id: str, _key: str | None, *, is_resumed: bool) -> None:
        assert not is_resumed
        self.batches.append(batch_id)

    def on_progress(self, batch: Batch, saved: int) -> None:
        raise AssertionError(batch, saved)


async def test_a_batch_whose_answer_was_lost_is_not_requested_twice(
    harness: BatchHarness, tmp_path: Path
) -> None:
    source = {"model": FLUX, "pictures": {"prompts": ["A red fox"]}}
    recorder, folder = Recorder(), OutputFolder(tmp_path / "out")
    async with running_proxy(harness.app.settings.server_url) as proxy:
        proxy.spoil(PassOn(), LoseAnswer(), Answer(503, "SlowDown"))
        async with open_server(proxy.url, None, recorder.losses.append) as (server, _):
            with folder.held():
                batch_id = await start_batch(server, folder, source, recorder)
                with pytest.raises(OutputFolderError, match="another command is using"):
                    OutputFolder(folder.path).held().__enter__()
    assert len(recorder.losses) == 2
    assert recorder.batches == [batch_id]
    found = await harness.app.ask("{ batches { edges { node { id } } } }")
    assert [edge["node"]["id"] for edge in found["batches"]["edges"]] == [batch_id]


async def test_a_refusal_after_a_lost_answer_forgets_nothing(
    harness: BatchHarness, tmp_path: Path
) -> None:
    source = {"model": FLUX, "pictures": {"prompts": ["A red fox"]}}
    recorder, folder = Recorder(), OutputFolder(tmp_path / "out")
    other = OutputFolder(tmp_path / "other")
    async with (
        running_proxy(harness.app.settings.server_url) as proxy,
        open_server(proxy.url, None, recorder.losses.append) as (server, _),
    ):
        with folder.held():
            proxy.spoil(PassOn(), LoseAnswer(), Answer(403, "Forbidden"))
            with pytest.raises(ServerRefused):
                await start_batch(server, folder, source, recorder)
            batch_id = await start_batch(server, folder, source, recorder)
        with other.held():
            proxy.spoil(PassOn(), Answer(403, "Forbidden"))
            with pytest.raises(ServerRefused):
                await start_batch(server, other, source, recorder)
    assert recorder.batches == [batch_id]
    assert other.request() is None
    found = await harness.app.ask("{ batches { edges { node { id } } } }")
    assert [edge["node"]["id"] for edge in found["batches"]["edges"]] == [batch_id]


async def test_a_watcher_whose_connection_breaks_receives_each_item_once(
    harness: BatchHarness,
) -> None:
    batch_id = await harness.batch(30)
    losses: list[str] = []
    items: list[Item] = []
    async with (
        relay(harness.app.settings.server_url) as (url, cut),
        open_server(url, None, losses.append) as (server, _),
        asyncio.TaskGroup() as work,
    ):
        await server.batch(batch_id)
        async for update in server.watch(batch_id):
            items.extend(update.finished_items)
            status = update.batch.status
            if update.batch.status == "QUEUED":
                work.create_task(harness.work.run(harness.run(batch_id, 0)))
            elif len(items) == 20 and not losses:
                cut()
                work.create_task(harness.work.run(harness.run(batch_id, 1)))
    assert losses
    assert sorted(item.index for item in items) == list(range(30))
    assert status == "SUCCEEDED"


async def test_an_image_that_was_cut_off_is_fetched_again_and_a_lost_one_is_missing(
    harness: BatchHarness, tmp_path: Path
) -> None:
    batch_id = await harness.batch(1)
    await harness.work_on(batch_id)
    folder = OutputFolder(tmp_path / "out")
    url = harness.app.settings.server_url
    losses: list[str] = []
    async with (
        running_proxy(url) as proxy,
        open_server(url, None, losses.append) as (server, http),
    ):
        [item] = [one async for update in server.watch(batch_id) for one in update.finished_items]
        assert item.image is not None
        path = urlsplit(item.image.url).path
        proxied = item.image.model_copy(update={"url": proxy.url + path})
        proxy.spoil(CutAnswer())
        with folder.held():
            assert await fetch_picture(server, http, folder, item, proxied) is Fetched.SAVED
            assert len(losses) == 1
            target = folder.picture_path(item, proxied)
            assert target.read_bytes() == (await http.get(item.image.url)).content
            assert await fetch_picture(server, http, folder, item, proxied) is Fetched.PRESENT
            target.unlink()
            (tmp_path / "data" / "images" / Path(proxied.r2_key)).unlink()
            assert await fetch_picture(server, http, folder, item, proxied) is Fetched.MISSING


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
