"""Asking by REST, as its clients do."""

import asyncio
from typing import Any

import httpx

from tests.support.running_app import FLUX, SDXL, RunningApp
from tests.support.waiting import WAIT_SECONDS

SMALL = {"prompt": "A red fox in the snow", "model": SDXL, "width": 256, "height": 256}
IMAGE_FIELDS = (
    "id",
    "prompt",
    "model",
    "r2_key",
    "r2_url",
    "width",
    "height",
    "created_at",
    "user_id",
    "cost",
    "is_deleted",
    "source_image_ids",
    "mask_image_id",
    "template_version",
    "skipped_models",
    "remade_from",
    "provenance",
)


async def ask(user: RunningApp, method: str, path: str, status: int = 200, **options: Any) -> Any:
    """Ask, and return the JSON of an answer that must have this status."""
    response = await send(user, method, path, **options)
    assert response.status_code == status, response.text
    return response.json()


async def send(user: RunningApp, method: str, path: str, **options: Any) -> httpx.Response:
    return await user.client.request(method, f"/api/{path}", **options)


async def generate(user: RunningApp, **changes: Any) -> dict[str, Any]:
    """Make a small picture, which must succeed."""
    body = SMALL | changes
    image: dict[str, Any] = await ask(user, "POST", "generate", 201, json=body)
    return image


async def template(user: RunningApp, **given: Any) -> dict[str, Any]:
    """Save a template, which must succeed."""
    body = {"name": "T", "model": FLUX} | given
    saved: dict[str, Any] = await ask(user, "POST", "templates", 201, json=body)
    return saved


async def finished(user: RunningApp, batch_id: str) -> dict[str, Any]:
    """Wait for a batch's end."""
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            batch: dict[str, Any] = await ask(user, "GET", f"batch/{batch_id}")
            if batch["finished_at"] is not None:
                return batch
            await asyncio.sleep(0.05)
