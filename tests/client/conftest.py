"""Both clients, in the same tests: each test runs with the client for asyncio and for threads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from inspect import iscoroutinefunction
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from gql_server.client import AsyncClient, Client
from gql_server.domain.principal import Role
from tests.support.clients import client_of, shared_server
from tests.support.running_app import RunningApp

_users = count(1)


class InThreads:
    """The client for threads, with the methods of the client for asyncio."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)
        if iscoroutinefunction(getattr(AsyncClient, name)):
            return lambda *given, **named: asyncio.to_thread(method, *given, **named)
        return lambda *given, **named: self._iterated(method(*given, **named))

    async def _iterated(self, results: Any) -> AsyncIterator[Any]:
        end = object()
        try:
            while (result := await asyncio.to_thread(next, results, end)) is not end:
                yield result
        finally:
            await asyncio.to_thread(results.close)


@asynccontextmanager
async def opened(kind: str, url: str, **options: Any) -> AsyncIterator[AsyncClient]:
    """Open a client of this kind, and give it as one for asyncio."""
    if kind == "async":
        async with AsyncClient(url, **options) as client:
            yield client
    else:
        with Client(url, **options) as threaded:
            yield InThreads(threaded)  # type: ignore[misc] # it has the same methods


@pytest.fixture(params=["async", "sync"])
def kind(request: pytest.FixtureRequest) -> str:
    """Which client a test runs with."""
    kind: str = request.param
    return kind


@pytest.fixture(scope="session")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningApp]:
    """One server for the tests of this folder, each of which is a user of its own."""
    async with shared_server(tmp_path_factory.mktemp("client")) as running:
        yield running


@pytest.fixture
async def user(server: RunningApp) -> AsyncIterator[RunningApp]:
    """A user who has done nothing yet."""
    async with client_of(server, f"client-{next(_users)}", Role.CREATOR) as one:
        yield one


def key_of(user: RunningApp) -> str:
    """Return the API key of a user."""
    return user.client.headers["Authorization"].removeprefix("Bearer ")


@pytest.fixture
async def client(kind: str, user: RunningApp) -> AsyncIterator[AsyncClient]:
    """A client of the server, with the key of the user."""
    async with opened(kind, user.settings.server_url, api_key=key_of(user)) as client:
        yield client


def files_in(folder: Path) -> list[str]:
    """Return the names of the files in a folder, hidden ones too."""
    return sorted(path.name for path in folder.iterdir())
