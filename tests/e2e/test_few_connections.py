"""A PostgreSQL that takes ten connections, for two processes that would like a hundred."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.support.postgres import PostgresServer, running_postgres
from tests.support.process import (
    run_gql_server,
    server_process,
    worker_process,
    workers_ai_environment,
)
from tests.support.running_app import FLUX
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = [pytest.mark.anyio, pytest.mark.survival]

GENERATE = """mutation G($input: GenerateImageInput!) { generateImage(input: $input) {
  image { id } userErrors { message } } }"""
CREATE_BATCH = """mutation B($input: GenerateBatchInput!) { generateBatch(input: $input) {
  batch { id } userErrors { message } } }"""
BATCH = "query B($id: ID!) { batch(id: $id) { status succeeded failed } }"


@pytest.fixture
def narrow() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        with psycopg.connect(server.setting("postgres"), autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET max_connections = 10")
        server.stop()
        server.start()
        yield server


@pytest.mark.parametrize("pool_size", ["8", "51"])
async def test_it_is_slower_and_not_broken(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, narrow: PostgresServer, pool_size: str
) -> None:
    settings = workers_ai_environment(
        fake_workers_ai,
        DATABASE_URL=narrow.setting(narrow.create_database()),
        DATABASE_POOL_SIZE=pool_size,
        AUTH="none",
    )
    code, _, logged = await run_gql_server("migrate", folder=tmp_path, settings=settings)
    assert code == 0, logged
    async with (
        server_process(tmp_path, settings, "--no-worker") as server,
        worker_process(tmp_path, settings),
        httpx.AsyncClient(base_url=server.url, timeout=120) as client,
    ):

        async def ask(query: str, **variables: object) -> dict[str, Any]:
            body = {"query": query, "variables": variables}
            answer = (await client.post("/graphql", json=body)).json()
            assert "errors" not in answer, answer
            data: dict[str, Any] = answer["data"]
            return data

        image_input = {"prompt": "A red fox in the snow", "model": FLUX}
        batch_input = {"model": FLUX, "pictures": {"prompts": ["A fox in the snow"] * 40}}
        batch_id = (await ask(CREATE_BATCH, input=batch_input))["generateBatch"]["batch"]["id"]
        payloads = await asyncio.gather(
            *(ask(GENERATE, input=image_input) for _ in range(20)),
            *(ask("{ images { totalCount } }") for _ in range(40)),
        )
        made = [payload["generateImage"] for payload in payloads if "generateImage" in payload]
        assert [one["userErrors"] for one in made] == [[]] * 20
        async with asyncio.timeout(100):
            while (found := (await ask(BATCH, id=batch_id))["batch"])["status"] != "SUCCEEDED":
                assert found["failed"] == 0
                await asyncio.sleep(0.2)
        assert found["succeeded"] == 40
