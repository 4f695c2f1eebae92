"""Images from images, and batches, through the official MCP client."""

from pathlib import Path

import pytest

from tests.mcp.calls import SMALL, client_at, error, result
from tests.support.running_app import FLUX, RunningApp, running_app

pytestmark = pytest.mark.anyio

KLEIN = "@cf/black-forest-labs/flux-2-klein-4b"


async def test_edits_and_remakes(user: RunningApp) -> None:
    async with client_at(user) as client:
        hidden = {"show_image": False}
        first = result(await client.call_tool("generate_image", SMALL | hidden))["image"]
        given = {"prompt": "At night", "model": KLEIN, "source_image_ids": [first["id"]]}
        edited = result(await client.call_tool("edit_image", given | hidden))["image"]
        assert (edited["model"], edited["prompt"]) == (KLEIN, "At night")
        given = {"image_id": first["id"]} | hidden
        same = result(await client.call_tool("remake_image", given))["image"]
        assert same["remade_from"] == first["id"]
        assert same["settings"]["seed"] == first["settings"]["seed"]
        varied = await client.call_tool("remake_image", given | {"new_seed": True, "steps": 2})
        settings = result(varied)["image"]["settings"]
        assert settings["seed"] != first["settings"]["seed"]
        assert settings["steps"] == 2
        both = await client.call_tool("remake_image", given | {"new_seed": True, "seed": 1})
        assert error(both).startswith("INVALID (argument new_seed): ")


async def test_a_batch_reports_progress_to_its_end(tmp_path: Path) -> None:
    heard: list[tuple[float, float | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        assert message is not None
        heard.append((progress, total))

    async with running_app(tmp_path, runs_jobs=True) as app, client_at(app) as client:
        given = {"model": FLUX, "prompts": ["A fox", "A kite"], "idempotency_key": "two"}
        batch = result(await client.call_tool("create_batch", given))
        assert (batch["total"], batch["is_finished"]) == (2, False)
        assert result(await client.call_tool("create_batch", given))["id"] == batch["id"]
        waiting = {"batch_id": batch["id"], "wait_seconds": 50}
        ended = await client.call_tool("batch_status", waiting, progress_callback=hear)
        assert (result(ended)["status"], result(ended)["succeeded"]) == ("succeeded", 2)
        assert list(heard[-1]) == [2, 2]
        found = result(await client.call_tool("search_images", {"batch_id": batch["id"]}))
        assert found["total"] == 2
        given = {"model": FLUX, "prompts": ["A fox", "x"]}
        said = error(await client.call_tool("create_batch", given))
        assert said.startswith("TOO_SHORT (argument prompts.1"), said
        said = error(await client.call_tool("batch_status", {"batch_id": "bat_none"}))
        assert said.startswith("BATCH_NOT_FOUND (argument batch_id): ")
