"""Watching a batch where something between the client and the server lets less through."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gql_server.client import AsyncClient, BatchItem, Transport
from tests.batches.conftest import BatchHarness
from tests.support.plain_proxy import PlainProxy, running_plain_proxy
from tests.support.running_app import running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

PICTURES = 30


@pytest.fixture
async def harness(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> AsyncIterator[BatchHarness]:
    async with running_app(tmp_path / "data", workers_ai_settings(fake_workers_ai)) as app:
        yield BatchHarness(app)


@pytest.fixture
async def proxy(harness: BatchHarness) -> AsyncIterator[PlainProxy]:
    async with running_plain_proxy(harness.app.settings.server_url) as proxy:
        yield proxy


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gql_server.client.asynchronous.event_stream._SILENCE_SECONDS", 0.5)
    monkeypatch.setattr("gql_server.client.asynchronous.watching._POLL_SECONDS", 0.05)


@pytest.mark.parametrize("refusal", [None, 403, 426, 501])
async def test_without_websockets_it_continues_by_event_stream(
    harness: BatchHarness, proxy: PlainProxy, refusal: int | None
) -> None:
    proxy.refusal = refusal
    items, transports = await watched(harness, proxy)
    assert sorted(item.index for item in items) == list(range(PICTURES))
    assert transports == [Transport.EVENTS]
    assert proxy.streams == 1


async def test_event_streams_that_are_cut_continue_where_they_ended(
    harness: BatchHarness, proxy: PlainProxy
) -> None:
    proxy.cuts_after, proxy.passes_an_event = 300, True
    items, transports = await watched(harness, proxy)
    assert sorted(item.index for item in items) == list(range(PICTURES))
    assert transports == [Transport.EVENTS]
    assert proxy.streams > 1


@pytest.mark.parametrize("cuts_after", [None, 20])
async def test_where_event_streams_are_held_back_it_continues_by_polling(
    harness: BatchHarness, proxy: PlainProxy, cuts_after: int | None
) -> None:
    proxy.buffers, proxy.cuts_after = cuts_after is None, cuts_after
    items, transports = await watched(harness, proxy)
    assert sorted(item.index for item in items) == list(range(PICTURES))
    assert all(item.image is not None for item in items)
    assert transports == [Transport.EVENTS, Transport.POLLING]


async def watched(
    harness: BatchHarness, proxy: PlainProxy
) -> tuple[list[BatchItem], list[Transport]]:
    """Watch a batch through a proxy while it is worked on; return its items and transports."""
    batch_id = await harness.batch(PICTURES)
    items: list[BatchItem] = []
    transports: list[Transport] = []
    steps = iter([0, 1])  # its slices, one after the other
    async with AsyncClient(
        proxy.url, on_transport=lambda transport, _: transports.append(transport)
    ) as client:
        async for update in client.watch_batch(batch_id):
            items += update.finished_items
            if len(items) in {0, 20} and update.batch.finished_at is None:
                number = next(steps, None)
                if number is not None:
                    await harness.work.run(harness.run(batch_id, number))
    assert update.batch.status == "SUCCEEDED"
    return items, transports
