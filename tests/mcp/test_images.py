"""Images through the official MCP client: generated, found, read; each paid once."""

import base64
from io import BytesIO

import pytest
from mcp.types import BlobResourceContents, ImageContent, ResourceLink, TextResourceContents
from PIL import Image

from tests.mcp.calls import SMALL, client_at, error, result
from tests.support.running_app import RunningApp

pytestmark = pytest.mark.anyio

DELETE = "mutation ($id: ID!) { deleteImage(input: {id: $id}) { userErrors { code } } }"


@pytest.mark.parametrize("mode", ["legacy", "2026-07-28"])
async def test_an_image_is_generated_with_progress_and_shown(user: RunningApp, mode: str) -> None:
    heard: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    async with client_at(user, mode) as client:
        answer = await client.call_tool("generate_image", SMALL, progress_callback=hear)
    made = result(answer)
    assert (made["status"], made["warnings"]) == ("stored", [])
    assert made["image"]["prompt"] == SMALL["prompt"]
    assert heard[0][:2] == (0, 3)
    assert "generating" in (heard[0][2] or "")
    _, picture, link = answer.content
    assert isinstance(picture, ImageContent)
    shown = Image.open(BytesIO(base64.b64decode(picture.data)))
    assert shown.size == (made["image"]["width"], made["image"]["height"])
    assert isinstance(link, ResourceLink)
    assert (await user.client.get(link.uri)).status_code == 200
    assert link.name == made["id"]
    stored = await user.ask("{ images(first: 5) { edges { node { id cost } } } }")
    expected = {"id": made["id"], "cost": made["image"]["cost"]}
    assert stored["images"]["edges"] == [{"node": expected}]


async def test_a_repeated_call_pays_once_over_any_door(user: RunningApp) -> None:
    async with client_at(user) as client:
        given = SMALL | {"idempotency_key": "mcp-once", "show_image": False}
        first = result(await client.call_tool("generate_image", given))
        again = result(await client.call_tool("generate_image", given))
        over_graphql = await user.image(**SMALL, idempotencyKey="mcp-once")
        assert first["id"] == again["id"] == over_graphql["id"]
        other = given | {"prompt": "Another fox"}
        assert error(await client.call_tool("generate_image", other)).startswith(
            "IDEMPOTENCY_CONFLICT"
        )
        costs = result(await client.call_tool("costs", {}))
    assert costs["total_images"] == 1
    assert costs["total_cost"] == first["image"]["cost"]


async def test_images_are_found_and_read(user: RunningApp) -> None:
    async with client_at(user) as client:
        for prompt in ("A red fox", "A blue whale", "A red kite"):
            given = SMALL | {"prompt": prompt, "tags": ["animals"], "show_image": False}
            result(await client.call_tool("generate_image", given))
        page = result(await client.call_tool("search_images", {"text": "red", "limit": 1}))
        assert (page["total"], [one["prompt"] for one in page["images"]]) == (2, ["A red kite"])
        further = {"text": "red", "limit": 1, "cursor": page["next_cursor"]}
        last = result(await client.call_tool("search_images", further))
        assert [one["prompt"] for one in last["images"]] == ["A red fox"]
        assert last["next_cursor"] is None
        tagged = await client.call_tool("search_images", {"tags": ["animals"], "model": "none"})
        assert result(tagged)["images"] == []
        fox = last["images"][0]
        answer = await client.call_tool("get_image", {"image_id": fox["id"]})
        assert result(answer) | {"url": ""} == fox | {"url": ""}
        assert [one.type for one in answer.content] == ["text", "image", "resource_link"]
        listed = await client.list_resources()
        assert f"image://{fox['id']}" in [one.uri for one in listed.resources]
        read = await client.read_resource(f"image://{fox['id']}")
        text, picture = read.contents
        assert isinstance(text, TextResourceContents)
        assert fox["id"] in text.text
        assert isinstance(picture, BlobResourceContents)
        assert picture.mime_type == fox["content_type"]
        await user.ask(DELETE, id=fox["id"])
        deleted = await client.call_tool("get_image", {"image_id": fox["id"]})
        assert result(deleted)["is_deleted"]
        assert len(deleted.content) == 1


async def test_a_large_image_is_scaled_down(
    user: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client_at(user) as client:
        made = result(await client.call_tool("generate_image", SMALL | {"show_image": False}))
        size = made["image"]["size_bytes"]
        monkeypatch.setattr("gql_server.mcp.pictures.MAX_BYTES", size - 1)
        answer = await client.call_tool("get_image", {"image_id": made["id"]})
        picture = answer.content[1]
        assert isinstance(picture, ImageContent)
        assert picture.mime_type == "image/webp"
        assert len(base64.b64decode(picture.data)) < size
        monkeypatch.setattr("gql_server.mcp.pictures.MAX_BYTES", 10)
        answer = await client.call_tool("get_image", {"image_id": made["id"]})
        assert [one.type for one in answer.content] == ["text", "resource_link"]
