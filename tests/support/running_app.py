"""The application, served over HTTP on loopback inside the test's own loop."""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
from PIL import Image

from gql_server.bootstrap.web import create_app
from gql_server.generation.services import Services
from gql_server.settings import Settings, load_settings
from gql_server.tls import trusted_authorities
from gql_server.web.server import server_config
from tests.support.in_loop import listening, served
from tests.support.sqlite import make_sqlite
from tests.support.waiting import WAIT_SECONDS
from tests.support.workers_ai_app import FakeWorkersAI


class RunningApp:
    """A running server, and a client of it."""

    def __init__(self, client: httpx.AsyncClient, settings: Settings, services: Services) -> None:
        self.client = client
        self.settings = settings
        self.services = services

    async def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Run an operation that must have no top-level errors; return its data."""
        answer = await self.answer(query, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    async def answer(self, query: str, **variables: Any) -> dict[str, Any]:
        """Run an operation; return the whole answer."""
        response = await self.client.post("/graphql", json={"query": query, "variables": variables})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def generate(self, **changes: Any) -> dict[str, Any]:
        """Run generateImage with the defaults of a quick test; return its payload."""
        changes = {"prompt": "A red fox in the snow", "model": FLUX} | changes
        payload: dict[str, Any] = (await self.ask(GENERATE, input=changes))["generateImage"]
        return payload

    async def image(self, **changes: Any) -> dict[str, Any]:
        """Run generateImage, which must succeed; return the image."""
        payload = await self.generate(**changes)
        assert payload["userErrors"] == []
        image: dict[str, Any] = payload["image"]
        return image

    async def upload(
        self, data: bytes, name: str = "file.png", key: str | None = None
    ) -> dict[str, Any]:
        """Run uploadSourceImage as a multipart request; return its payload."""
        operations = {"query": UPLOAD, "variables": {"file": None, "key": key}}
        response = await self.client.post(
            "/graphql",
            data={"operations": json.dumps(operations), "map": '{"0": ["variables.file"]}'},
            files={"0": (name, data)},
            headers={"GraphQL-Require-Preflight": "1"},
        )
        assert response.status_code == 200, response.text
        answer = response.json()
        assert "errors" not in answer, answer["errors"]
        payload: dict[str, Any] = answer["data"]["uploadSourceImage"]
        return payload


FLUX = "@cf/black-forest-labs/flux-1-schnell"
SDXL = "@cf/stabilityai/stable-diffusion-xl-base-1.0"

GENERATE = """
mutation Generate($input: GenerateImageInput!) {
  generateImage(input: $input) {
    image {
      id prompt renderedPrompt r2Key r2Url url width height contentType sizeBytes placeholder
      tags metadata cost providerCost neurons seconds isPreview userId createdAt isDeleted
      model { id name }
      template { id }
      parameters { negativePrompt width height steps guidance seed strength }
    }
    userErrors {
      __typename message code path
      ... on GenerationFailed { retryable providerCode }
      ... on GenerationPending { imageId }
      ... on IdempotencyInProgress { imageId }
      ... on DailyAllocationUsed { resetsAt }
    }
  }
}
"""


CREATE_TEMPLATE = (
    """mutation {
  createTemplate(input: {name: "T", model: "%s"}) { template { id } }
}"""
    % FLUX
)

UPLOAD = """
mutation Upload($file: Upload!, $key: String) {
  uploadSourceImage(input: {file: $file, idempotencyKey: $key}) {
    sourceImage { id width height contentType url userId createdAt }
    userErrors { __typename message code path }
  }
}
"""


@asynccontextmanager
async def running_app(
    data_dir: Path, settings: Mapping[str, Any] | None = None, *, runs_jobs: bool = False
) -> AsyncIterator[RunningApp]:
    """Serve the application with these settings until the end of the block."""
    with listening() as (listener, port):
        if "database_url" not in (settings or {}):
            make_sqlite(data_dir / "gql_server.db")
        chosen = load_settings(port=port, data_dir=data_dir, **(settings or {}))
        config = server_config(create_app(chosen, runs_jobs=runs_jobs), chosen)
        config.timeout_graceful_shutdown = 5
        async with served(config, listener) as server:
            services: Services = server.lifespan.state["services"]
            async with httpx.AsyncClient(
                base_url=chosen.server_url, verify=trusted_authorities(), timeout=WAIT_SECONDS
            ) as client:
                yield RunningApp(client, chosen, services)


def workers_ai_settings(fake_workers_ai: FakeWorkersAI) -> dict[str, Any]:
    """Return the settings that point the server at the fake Workers AI."""
    return {
        "cloudflare_account_id": fake_workers_ai.account_id,
        "cloudflare_api_token": fake_workers_ai.token,
        "workers_ai_base_url": fake_workers_ai.base_url,
        "workers_ai_requests_per_minute": 10_000_000,
        "workers_ai_requests_per_minute_third_party": 10_000_000,
        "provider_allow_private": True,
    }


def png(width: int, height: int, colour: str = "teal") -> bytes:
    """A picture to upload."""
    target = BytesIO()
    Image.new("RGB", (width, height), colour).save(target, "PNG")
    return target.getvalue()
