from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.running_app import RunningApp, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI


@pytest.fixture
async def app(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> AsyncIterator[RunningApp]:
    """SQLite, a folder, and Workers AI."""
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai)) as running:
        yield running
