"""Who is told what the schema has, where the server asks who they are."""

from pathlib import Path

import pytest

from gql_server.access.keys import KeyDraft, create_key
from gql_server.domain.principal import Role
from tests.support.clients import client_of
from tests.support.running_app import RunningApp, running_app
from tests.support.subscriber import open_socket

pytestmark = pytest.mark.anyio

INTROSPECTION = "{ __schema { queryType { name } } }"
MISSPELT = "{ imagess { totalCount } }"
QUERY = {"query": "{ __typename }"}


async def sees(app: RunningApp) -> tuple[bool, bool]:
    """Tell whether introspection is answered, and whether errors suggest names."""
    described = await app.answer(INTROSPECTION)
    if "errors" in described:
        assert described["errors"][0]["extensions"]["code"] == "INTROSPECTION_DISABLED"
    misspelt = (await app.answer(MISSPELT))["errors"][0]["message"]
    assert "imagess" in misspelt
    return "data" in described, "Did you mean" in misspelt


async def test_unless_set_the_schema_is_described_to_admins_alone(
    app_with_keys: RunningApp,
) -> None:
    for role in Role:
        async with client_of(app_with_keys, "ann", role) as ann:
            assert await sees(ann) == (role is Role.ADMIN, role is Role.ADMIN)


async def test_over_a_websocket_the_first_message_identifies_the_caller(
    app_with_keys: RunningApp,
) -> None:
    for role in Role:
        created = await create_key(
            app_with_keys.services.database, KeyDraft(user_id="ann", role=role)
        )
        async with open_socket(app_with_keys.settings.server_url) as socket:
            payload = {"authorization": f"Bearer {created.secret}"}
            await socket.send(type="connection_init", payload=payload)
            assert await socket.receive() == {"type": "connection_ack"}
            await socket.subscribe(INTROSPECTION)
            described = await socket.receive()
            assert described["type"] == ("next" if role is Role.ADMIN else "error")
            if role is Role.ADMIN:
                assert (await socket.receive())["type"] == "complete"
            await socket.subscribe(MISSPELT)
            (error,) = (await socket.receive())["payload"]
            assert ("Did you mean" in error["message"]) == (role is Role.ADMIN)


async def test_set_it_is_described_to_everyone_or_no_one(tmp_path: Path) -> None:
    switches = {"introspection": "on", "suggestions": "off"}
    async with running_app(tmp_path, {"auth": "keys"} | switches) as app:
        for role in (Role.READER, Role.ADMIN):
            async with client_of(app, "ann", role) as ann:
                assert await sees(ann) == (True, False)


async def test_a_server_without_authentication_describes_it_to_everyone(tmp_path: Path) -> None:
    async with running_app(tmp_path) as app:
        assert await sees(app) == (True, True)
        assert (await app.client.get("/graphql", params=QUERY)).status_code == 200


async def test_with_keys_get_takes_queries_only_where_that_is_set(
    app_with_keys: RunningApp, tmp_path: Path
) -> None:
    async with client_of(app_with_keys, "ann", Role.ADMIN) as ann:
        refused = await ann.client.get("/graphql", params=QUERY)
        assert refused.status_code == 405
        assert refused.json()["errors"][0]["extensions"] == {"code": "METHOD_NOT_ALLOWED"}
    folder = tmp_path / "open"
    folder.mkdir()
    async with (
        running_app(folder, {"auth": "keys", "get_queries": True}) as app,
        client_of(app, "ann", Role.READER) as ann,
    ):
        assert (await ann.client.get("/graphql", params=QUERY)).status_code == 200
