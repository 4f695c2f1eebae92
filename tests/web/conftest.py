from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.product import Product, running_product


@pytest.fixture
async def product(tmp_path: Path) -> AsyncIterator[Product]:
    async with running_product(tmp_path) as running:
        yield running
