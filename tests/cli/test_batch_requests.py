"""Requests of `gql-server batch` on connections that break."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gql_server.cli.batches.folder import OutputFolder, OutputFolderError
from gql_server.cli.batches.save import start_batch
from gql_server.client import AsyncClient, Batch, GqlServerError
from tests.batches.conftest import BatchHarness
from tests.support.faulty_proxy import Answer, LoseAnswer, PassOn, running_proxy
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
        self.losses: list[GqlServerError] = []

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
        async with AsyncClient(proxy.url, on_retry=recorder.losses.append) as client:
            with folder.held():
                batch_id = await start_batch(client, folder, source, recorder)
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
        AsyncClient(proxy.url, on_retry=recorder.losses.append) as client,
    ):
        with folder.held():
            proxy.spoil(PassOn(), LoseAnswer(), Answer(403, "Forbidden"))
            with pytest.raises(GqlServerError, match="HTTP 403"):
                await start_batch(client, folder, source, recorder)
            batch_id = await start_batch(client, folder, source, recorder)
        with other.held():
            proxy.spoil(PassOn(), Answer(403, "Forbidden"))
            with pytest.raises(GqlServerError, match="HTTP 403"):
                await start_batch(client, other, source, recorder)
    assert recorder.batches == [batch_id]
    assert other.request() is None
    found = await harness.app.ask("{ batches { edges { node { id } } } }")
    assert [edge["node"]["id"] for edge in found["batches"]["edges"]] == [batch_id]
