"""Clients of a running server, each with an API key of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from gql_server.access.keys import KeyDraft, create_key
from gql_server.domain.principal import Role
from gql_server.settings import Settings
from gql_server.tls import trusted_authorities
from tests.support.running_app import RunningApp, running_app
from tests.support.waiting import WAIT_SECONDS


@asynccontextmanager
async def shared_server(folder: Path) -> AsyncIterator[RunningApp]:
    """Yield a server for many tests, each of which is a user of its own.

    It works on no batches: of the servers that do there can be one in a process.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        patch.setitem(Settings.model_config, "env_file", None)
        async with running_app(folder, {"auth": "keys"}) as running:
            yield running


@asynccontextmanager
async def client_of(
    app: RunningApp, user_id: str, role: Role, **draft: Any
) -> AsyncIterator[RunningApp]:
    """Yield the running server with a client that sends a new API key of this user."""
    created = await create_key(app.services.database, KeyDraft(user_id=user_id, role=role, **draft))
    headers = {"Authorization": f"Bearer {created.secret}"}
    async with httpx.AsyncClient(
        base_url=app.settings.server_url,
        verify=trusted_authorities(),
        headers=headers,
        timeout=WAIT_SECONDS,
    ) as client:
        yield RunningApp(client, app.settings, app.services)
