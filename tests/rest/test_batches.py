"""Batches by REST."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gql_server.webhooks.signatures import user_secret
from tests.rest.calls import SMALL as PICTURE
from tests.rest.calls import ask, finished, send
from tests.support.receiver import Receiver
from tests.support.running_app import FLUX, RunningApp, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="

SMALL = {name: value for name, value in PICTURE.items() if name != "prompt"}


@pytest.fixture
async def working(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> AsyncIterator[RunningApp]:
    settings = workers_ai_settings(fake_workers_ai) | {
        "webhook_secret": SECRET,
        "webhook_allow_private": True,
    }
    async with running_app(tmp_path, settings, runs_jobs=True) as running:
        yield running


async def test_a_batch_is_accepted_at_once_and_its_end_is_reported(
    working: RunningApp, receiver: Receiver
) -> None:
    body = {
        "prompts": ["prompt1", "prompt2", "prompt3"],
        **SMALL,
        "webhook_url": receiver.url,
    }
    response = await send(working, "POST", "batch/generate", json=body)
    assert response.status_code == 201
    batch = response.json()
    assert response.headers["location"] == f"/api/batch/{batch['id']}"
    assert (
        batch.items()
        >= {
            "status": "queued",
            "priority": "normal",
            "total": 3,
            "queued": 3,
            "progress": 0,
            "cost": 0,
            "estimated_cost": 0.06,
            "webhook_url": receiver.url,
            "finished_at": None,
        }.items()
    )
    assert "warnings" not in batch
    (delivery,) = await receiver.until(1)
    said = delivery.verify(user_secret(SECRET, "default_user"))
    assert said["type"] == "batch.finished"
    assert said["data"]["batchId"] == batch["id"]
    ended = await finished(working, batch["id"])
    assert ended.items() >= {"status": "succeeded", "succeeded": 3, "cost": 0.06}.items()
    assert ended["progress"] == 1
    assert set(ended) == set(batch)
    page = await ask(working, "GET", "images", params={"batch_id": batch["id"]})
    assert sorted(image["prompt"] for image in page["images"]) == body["prompts"]
    await every_setting_of_a_batch_is_taken(working)


async def every_setting_of_a_batch_is_taken(working: RunningApp) -> None:
    body = {
        "prompts": ["One fox", "Two foxes"],
        **SMALL,
        "images_per_prompt": 2,
        "priority": "high",
        "max_cost": 0.08,
        "seed": 5,
        "tags": ["fox"],
    }
    batch = await ask(working, "POST", "batch/generate", 201, json=body)
    assert (batch["total"], batch["priority"]) == (4, "high")
    ended = await finished(working, batch["id"])
    assert ended["succeeded"] == 4
    problem = await ask(working, "POST", "batch/generate", 402, json=body | {"max_cost": 0.07})
    assert problem["error"] == "Cost limit exceeded"
    assert (
        problem["details"].items() >= {"field": "max_cost", "cost": 0.08, "max_cost": 0.07}.items()
    )


@pytest.mark.parametrize(
    ("given", "error", "field"),
    [
        ({"prompts": ["A fox", "ab"]}, "Invalid prompt", "prompts.1"),
        ({"prompts": []}, "Invalid prompt", "prompts"),
        ({"prompts": ["A fox", 3]}, "Invalid prompt", "prompts.1"),
        ({"prompts": "A fox"}, "Invalid prompt", "prompts"),
        ({"prompts": ["A fox"] * 101, "images_per_prompt": 100}, "Invalid prompt", "prompts"),
        ({"images_per_prompt": 0}, "Invalid images_per_prompt", "images_per_prompt"),
        ({"priority": "highest"}, "Invalid priority", "priority"),
        ({"max_cost": -1}, "Invalid max_cost", "max_cost"),
        ({"webhook_url": "ftp://x"}, "Invalid webhook_url", "webhook_url"),
        ({"width": 8}, "Invalid width", "width"),
    ],
)
async def test_what_is_wrong_with_a_batch_is_reported(
    user: RunningApp, given: dict[str, object], error: str, field: str
) -> None:
    body = {"prompts": ["A fox", "Another"], "model": FLUX} | given
    problem = await ask(user, "POST", "batch/generate", 400, json=body)
    assert (problem["error"], problem["details"]["field"]) == (error, field)
    assert "errors" not in problem["details"]


async def test_a_batch_that_there_is_not_is_not_found(user: RunningApp) -> None:
    for batch_id in ("bat_none", "img_none", "%00", "b" * 1000):
        problem = await ask(user, "GET", f"batch/{batch_id}", 404)
        assert problem["error"] == "Batch not found"
        assert set(problem["details"]) == {"message"}
