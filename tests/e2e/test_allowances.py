"""A user's allowance, spent at several processes on one database at once: `make test-survival`."""

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

import httpx
import pytest

from gql_server.tls import trusted_authorities
from tests.support.postgres import PostgresServer
from tests.support.process import server_process

pytestmark = [pytest.mark.anyio, pytest.mark.survival]

PROCESSES: Final = 3
ALLOWANCE: Final = 2_000
PER_SECOND: Final = 10
MAX_QUERY_COST: Final = 100


async def test_an_allowance_holds_over_all_processes(
    tmp_path: Path, postgres: PostgresServer, migrated_postgres: str
) -> None:
    settings = {
        "DATABASE_URL": postgres.setting(postgres.create_database(migrated_postgres)),
        "ALLOWANCE": str(ALLOWANCE),
        "MAX_QUERY_COST": str(MAX_QUERY_COST),
        "ALLOWANCE_PER_SECOND": str(PER_SECOND),
    }
    async with AsyncExitStack() as stack:
        starting = (server_process(tmp_path, settings, "--no-worker") for _ in range(PROCESSES))
        servers = await asyncio.gather(*(stack.enter_async_context(one) for one in starting))
        clients = [
            await stack.enter_async_context(
                httpx.AsyncClient(base_url=server.url, verify=trusted_authorities(), timeout=30)
            )
            for server in servers
        ]
        began = time.monotonic()
        spent = await asyncio.gather(*(spend(client) for client in clients))
        refilled = (time.monotonic() - began) * PER_SECOND
    assert all(spent)
    # Of what a process has not settled, a hundredth of the allowance may be spent twice.
    assert ALLOWANCE - MAX_QUERY_COST <= sum(spent) <= ALLOWANCE * (1 + PROCESSES / 100) + refilled


async def spend(client: httpx.AsyncClient) -> int:
    """Ask until it is refused, some at a time; return what was spent."""
    spent = 0
    while True:
        answers = await asyncio.gather(*(ask(client) for _ in range(4)))
        spent += sum(cost for cost in answers if cost is not None)
        if None in answers:
            return spent


async def ask(client: httpx.AsyncClient) -> int | None:
    """Read a page; return what it cost, or None where it was refused."""
    response = await client.post("/graphql", json={"query": "{ models { id name } }"})
    answer = response.json()
    if "errors" in answer:
        assert answer["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        return None
    cost: int = answer["extensions"]["cost"]["estimated"]
    return cost
