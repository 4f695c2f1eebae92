from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.product import Product, running_product, workers_ai_settings
from tests.support.workers_ai_app import WorkersAIStandin


@pytest.fixture
async def product(tmp_path: Path, standin: WorkersAIStandin) -> AsyncIterator[Product]:
    """SQLite, a folder, and Workers AI."""
    async with running_product(tmp_path, workers_ai_settings(standin)) as running:
        yield running
