"""Subscriptions across processes, and what becomes of them when a process stops."""

import signal
import time
from pathlib import Path

import pytest

from tests.support.postgres import PostgresServer
from tests.support.process import server_process
from tests.support.running_app import running_app, workers_ai_settings
from tests.support.streams import EVENTS, PARTS, streamed
from tests.support.subscriber import subscriber
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

STOP_SECONDS = 40
"""Far less than the timeout; on a machine that is not busy it takes 1.3."""

SHUTDOWN_TIMEOUT = "150"

CREATED = "subscription($after: ID) { imageCreated(after: $after) { id } }"


async def test_an_image_of_one_process_is_reported_by_another_until_that_stops(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, postgres: PostgresServer, migrated_postgres: str
) -> None:
    address = postgres.setting(postgres.create_database(migrated_postgres))
    images = tmp_path / "data"
    settings = workers_ai_settings(fake_workers_ai) | {"database_url": address}
    own_settings = {"DATABASE_URL": address, "SHUTDOWN_TIMEOUT": SHUTDOWN_TIMEOUT}
    async with (
        server_process(tmp_path, own_settings) as watched,
        running_app(images, settings) as making,
        subscriber(watched.url) as client,
        subscriber(watched.url) as idle,
    ):
        first = await making.image()
        after = {"after": first["id"]}
        async with (
            streamed(watched.url, EVENTS, CREATED, **after) as events,
            streamed(watched.url, PARTS, CREATED, **after) as parts,
        ):
            await client.subscribe(CREATED, **after)
            second = await making.image()
            for stream in (client, events, parts):
                assert await stream.next() == {"imageCreated": {"id": second["id"]}}
            began = time.monotonic()
            third = await making.image()
            for stream in (client, events, parts):
                assert await stream.next() == {"imageCreated": {"id": third["id"]}}
            assert time.monotonic() - began < 10  # told, and not found when it was looked for again
            began = time.monotonic()
            watched.process.send_signal(signal.SIGTERM)
            assert await client.closed() == 1012
            assert await idle.closed() == 1012
            assert (await events.receive(), events.is_complete) == (None, False)
            cut = await parts.receive()
            assert cut is not None
            assert cut["errors"][0]["extensions"] == {"code": "SERVER_STOPPING"}
            assert (await parts.receive(), parts.is_complete) == (None, True)
        code, logged = await watched.end()
        assert code == -signal.SIGTERM
        assert time.monotonic() - began < STOP_SECONDS
        assert "Traceback" not in logged
        fourth = await making.image()
        url, after = making.settings.server_url, {"after": third["id"]}
        async with (
            subscriber(url) as again,
            streamed(url, EVENTS, CREATED, **after) as events,
            streamed(url, PARTS, CREATED, **after) as parts,
        ):
            await again.subscribe(CREATED, **after)
            for stream in (again, events, parts):
                assert await stream.next() == {"imageCreated": {"id": fourth["id"]}}


async def test_one_who_takes_no_data_holds_up_no_stop(tmp_path: Path) -> None:
    settings = {
        "SUBSCRIPTION_SEND_TIMEOUT": "0.5",
        "SHUTDOWN_TIMEOUT": SHUTDOWN_TIMEOUT,
        "MAX_QUERY_ALIASES": "1000",
        "MAX_QUERY_REPEATS": "1000",
        "MAX_BODY_BYTES": "50000",
    }
    aliases = " ".join(f"p{number}: description" for number in range(1000))
    async with (
        server_process(tmp_path, settings) as running,
        subscriber(running.url, max_queue=1, max_size=None) as client,
    ):
        async with subscriber(running.url) as talkative:
            await talkative.subscribe("#" * 50_000)
            assert await talkative.closed() == 1009
        for number in range(20):
            await client.subscribe("{ models { %s } }" % aliases, str(number))
        began = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        code, logged = await running.end()
        assert code == -signal.SIGTERM
        assert time.monotonic() - began < STOP_SECONDS
        assert "Traceback" not in logged
        client.socket.transport.abort()
