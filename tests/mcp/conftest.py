from collections.abc import AsyncIterator
from itertools import count

import pytest

from gql_server.domain.principal import Role
from tests.support.clients import client_of, shared_server
from tests.support.running_app import RunningApp

_users = count(1)


@pytest.fixture(scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningApp]:
    """One server for the tests of this folder, each of which is a user of its own."""
    async with shared_server(tmp_path_factory.mktemp("mcp")) as running:
        yield running


@pytest.fixture
async def user(server: RunningApp) -> AsyncIterator[RunningApp]:
    """Somebody who has done nothing yet."""
    async with client_of(server, f"mcp-{next(_users)}", Role.CREATOR) as one:
        yield one
