"""An image that takes longer than the tool waits: reported as pending, then found; paid once."""

import asyncio
from pathlib import Path

import pytest
from mcp.types import TextContent

from tests.mcp.calls import SMALL, client_at, error, result
from tests.support.running_app import running_app, workers_ai_settings
from tests.support.waiting import WAIT_SECONDS
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio


async def test_a_slow_image_is_pending_and_found_later(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    settings = workers_ai_settings(fake_workers_ai) | {"request_deadline": 1.0}
    given = SMALL | {"idempotency_key": "slow"}
    async with running_app(tmp_path, settings) as app, client_at(app) as client:
        with fake_workers_ai.held():
            answer = await client.call_tool("generate_image", given)
            pending = result(answer)
            assert (pending["status"], pending["image"]) == ("pending", None)
            assert "Call get_image with its ID in a moment." in pending["warnings"][0]
            (text,) = answer.content  # there is no image to show yet, and no link
            assert isinstance(text, TextContent)
            early = await client.call_tool("get_image", {"image_id": pending["id"]})
            assert error(early).startswith("IMAGE_NOT_FOUND (argument image_id): ")
            again = error(await client.call_tool("generate_image", given))
            assert again.startswith("IDEMPOTENCY_IN_PROGRESS (argument idempotency_key): ")
            assert again.endswith("Call the tool again in a moment.")
        async with asyncio.timeout(WAIT_SECONDS):
            while (
                found := await client.call_tool("get_image", {"image_id": pending["id"]})
            ).is_error:
                await asyncio.sleep(0.02)
        assert result(found)["prompt"] == SMALL["prompt"]
        assert [one.type for one in found.content] == ["text", "image", "resource_link"]
        repeated = result(await client.call_tool("generate_image", given))
        assert (repeated["status"], repeated["id"]) == ("stored", pending["id"])
        costs = result(await client.call_tool("costs", {}))
        assert (costs["total_images"], len(fake_workers_ai.requests)) == (1, 1)
