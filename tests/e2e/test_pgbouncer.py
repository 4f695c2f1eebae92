"""The server behind PgBouncer, with the file of docs/operating: `make test-clients`.

PgBouncer is in no wheel: it is `PGBOUNCER`, or an installed one. Without it, this is skipped.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final

import psycopg
import pytest

from tests.support.pgbouncer import ROLE, pgbouncer_program, running_pgbouncer
from tests.support.postgres import PostgresServer
from tests.support.process import run_gql_server
from tests.support.running_app import FLUX, RunningApp, running_app
from tests.support.subscriber import subscriber

PROGRAM: Final = pgbouncer_program()
pytestmark = [
    pytest.mark.anyio,
    pytest.mark.clients,
    pytest.mark.skipif(PROGRAM is None, reason="PgBouncer is not installed, or PGBOUNCER not set"),
]

BATCH: Final = """mutation($input: GenerateBatchInput!) { generateBatch(input: $input) {
  batch { id } userErrors { message } } }"""
WATCH: Final = """subscription($id: ID!) { batchProgress(id: $id, after: 0) {
  batch { status } finishedItems { image { id } } } }"""
PAGE: Final = "{ images(first: 10) { edges { node { id prompt model { id } } } } }"
CREATED: Final = "subscription { imageCreated { id } }"


@dataclass(frozen=True)
class Pooled:
    """A server whose connections to PostgreSQL go through PgBouncer."""

    app: RunningApp
    database_url: str


@pytest.fixture(scope="module")
async def pooled(
    tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer, migrated_postgres: str
) -> AsyncIterator[Pooled]:
    assert PROGRAM is not None
    folder = tmp_path_factory.mktemp("pooled")
    database = postgres.create_database(migrated_postgres)
    async with running_pgbouncer(PROGRAM, folder, postgres, database) as url:
        for setting in ("statement_timeout = '60s'", "idle_in_transaction_session_timeout = '10s'"):
            postgres.execute(database, f"ALTER ROLE {ROLE} SET {setting}")
        async with running_app(folder, {"database_url": url}, runs_jobs=True) as app:
            yield Pooled(app, url)


async def test_a_batch_is_watched_to_its_end(pooled: Pooled) -> None:
    pictures = {"model": FLUX, "pictures": {"prompts": [f"A red fox, {n}" for n in range(30)]}}
    batch = (await pooled.app.ask(BATCH, input=pictures))["generateBatch"]["batch"]
    images: list[str] = []
    async with subscriber(pooled.app.settings.server_url) as watcher:
        await watcher.subscribe(WATCH, id=batch["id"])
        while len(images) < 30:
            progress = (await watcher.next())["batchProgress"]
            images += [item["image"]["id"] for item in progress["finishedItems"]]
    assert progress["batch"]["status"] == "SUCCEEDED"
    # Statements that are prepared, on every connection.
    for _ in range(40):
        assert len((await pooled.app.ask(PAGE))["images"]["edges"]) == 10


async def test_notifications_arrive(pooled: Pooled) -> None:
    # Only a notification may wake the subscription.
    pooled.app.services.progress._look_again_seconds = 3600.0
    async with subscriber(pooled.app.settings.server_url) as watcher:
        await watcher.subscribe(CREATED)
        await watcher.settled()
        for _ in range(2):
            image = await pooled.app.image()
            assert (await watcher.next())["imageCreated"]["id"] == image["id"]


async def test_commands_and_the_limits_of_the_role(pooled: Pooled) -> None:
    settings = {
        "DATABASE_URL": pooled.database_url,
        "DATA_DIR": str(pooled.app.settings.data_dir),
    }
    for command in ("check", "migrate"):
        code, printed, logged = await run_gql_server(
            command, folder=pooled.app.settings.data_dir, settings=settings
        )
        assert code == 0, printed + logged
    with psycopg.connect(pooled.database_url) as connection:
        assert connection.execute("SHOW statement_timeout").fetchone() == ("1min",)
