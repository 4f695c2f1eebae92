from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest

from gql_server.domain.principal import Role
from gql_server.settings import Settings
from tests.servers.product import Product, running_product
from tests.servers.visitors import visitor

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
_users = count(1)


@pytest.fixture(scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    """One server for the tests of this folder, each of which is a user of its own."""
    async with _shared(tmp_path_factory.mktemp("rest"), runs_jobs=True) as running:
        yield running


@pytest.fixture(scope="session")
async def idle_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    """Another, which works on no batches: they stay as a test wrote them."""
    async with _shared(tmp_path_factory.mktemp("idle"), runs_jobs=False) as running:
        yield running


@pytest.fixture
async def user(server: Product) -> AsyncIterator[Product]:
    """Somebody who has done nothing yet."""
    async with visitor(server, f"user-{next(_users)}", Role.CREATOR) as one:
        yield one


@asynccontextmanager
async def _shared(folder: Path, *, runs_jobs: bool) -> AsyncIterator[Product]:
    settings = {"auth": "keys", "webhook_secret": SECRET, "webhook_allow_private": True}
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        patch.setitem(Settings.model_config, "env_file", None)
        async with running_product(folder, settings, runs_jobs=runs_jobs) as running:
            yield running
