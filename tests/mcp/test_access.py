"""Who may do what over MCP, and what the door refuses."""

from pathlib import Path

import pytest

from gql_server.domain.principal import Role
from gql_server.mcp.tools.table import TOOLS
from tests.mcp.calls import SMALL, client_at, error, result
from tests.support.clients import client_of
from tests.support.running_app import RunningApp, running_app

pytestmark = pytest.mark.anyio

SPENDING = {"generate_image", "edit_image", "remake_image", "create_batch"}
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
ACCEPT = {"Accept": "application/json, text/event-stream"}


@pytest.mark.parametrize("role", Role)
async def test_a_role_sees_what_it_may_call(server: RunningApp, role: Role) -> None:
    async with client_of(server, f"mcp-{role}", role) as user, client_at(user) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        names = {tool.name for tool in TOOLS}
        assert tools.keys() == (names - SPENDING if role is Role.READER else names)
        for name, tool in tools.items():
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint is (name not in SPENDING)
            assert tool.annotations.destructive_hint is False
        if role is Role.READER:
            for name in SPENDING:
                said = error(await client.call_tool(name, SMALL))
                assert said.startswith(f"FORBIDDEN: {name} needs the role creator; yours is reader")


async def test_anothers_images_do_not_exist(server: RunningApp, user: RunningApp) -> None:
    image = await user.image(**SMALL)
    async with client_of(server, "mcp-other", Role.CREATOR) as other, client_at(other) as client:
        calls = {
            "get_image": {"image_id": image["id"]},
            "remake_image": {"image_id": image["id"]},
            "edit_image": {"prompt": "A fox", "source_image_ids": [image["id"]]},
        }
        for name, given in calls.items():
            model = {"model": "@cf/black-forest-labs/flux-2-klein-4b"} if "edit" in name else {}
            said = error(await client.call_tool(name, given | model))
            assert said.startswith("IMAGE_NOT_FOUND (argument "), said
            assert "search_images finds images." in said
        assert result(await client.call_tool("search_images", {}))["images"] == []


async def test_the_door_refuses_in_json_rpc(server: RunningApp, user: RunningApp) -> None:
    for headers in ({}, {"Authorization": "Bearer gqls_none"}):
        response = await server.client.post("/mcp", json=PING, headers=ACCEPT | headers)
        assert response.status_code == 401
        assert response.headers["www-authenticate"] == "Bearer"
        assert response.json()["error"]["data"] == {"code": "UNAUTHENTICATED"}
    for method in ("GET", "DELETE"):
        response = await user.client.request(method, "/mcp", headers=ACCEPT)
        assert (response.status_code, response.headers["allow"]) == (405, "POST")
    hostile = ACCEPT | {"Origin": "https://evil.example"}
    response = await user.client.post("/mcp", json=PING, headers=hostile)
    assert response.status_code == 403
    assert "CORS_ORIGINS" in response.json()["error"]["message"]
    own = ACCEPT | {"Origin": user.settings.server_url}
    assert (await user.client.post("/mcp", json=PING, headers=own)).status_code == 200
    for content, status in ((b"{", 400), (b"[" * 10_000, 400), (b" " * 9_000_000, 413)):
        json = ACCEPT | {"Content-Type": "application/json"}
        response = await user.client.post("/mcp", content=content, headers=json)
        assert (response.status_code, response.json()["jsonrpc"]) == (status, "2.0")


async def test_an_allowance_is_spent_and_the_extra_can_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"auth": "keys", "allowance": 30, "max_query_cost": 30, "allowance_per_second": 1}
    async with running_app(tmp_path, settings) as app, client_of(app, "mcp", Role.CREATOR) as user:
        with monkeypatch.context() as patched:
            patched.setattr("gql_server.mcp.entrance.find_spec", lambda _name: None)
            response = await user.client.post("/mcp", json=PING, headers=ACCEPT)
        assert response.status_code == 501
        assert 'pip install "gql-server[mcp]"' in response.json()["error"]["message"]
        async with client_at(user) as client:
            said = error(await client.call_tool("search_images", {"limit": 50}))
    assert said.startswith("RATE_LIMITED: ")
    assert "Call the tool again in " in said
