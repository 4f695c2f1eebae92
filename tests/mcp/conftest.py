from collections.abc import AsyncIterator
from itertools import count

import pytest

from gql_server.domain.principal import Role
from gql_server.settings import Settings
from tests.support.clients import client_of
from tests.support.running_app import RunningApp, running_app

_users = count(1)


@pytest.fixture(scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningApp]:
    """One server for the tests of this folder, each of which is a user of its own."""
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        patch.setitem(Settings.model_config, "env_file", None)
        folder = tmp_path_factory.mktemp("mcp")
        async with running_app(folder, {"auth": "keys"}) as running:
            yield running


@pytest.fixture
async def user(server: RunningApp) -> AsyncIterator[RunningApp]:
    """Somebody who has done nothing yet."""
    async with client_of(server, f"mcp-{next(_users)}", Role.CREATOR) as one:
        yield one
