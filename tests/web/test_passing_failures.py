"""What passes by itself is reported alike over every way: docs/guide/retries.md has the table."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from gql_server.database.engine import sqlite
from gql_server.web import health
from tests.support.batch_client import BatchClient
from tests.support.postgres import PostgresServer
from tests.support.running_app import (
    FLUX,
    GENERATE,
    RunningApp,
    running_app,
    workers_ai_settings,
)
from tests.support.small_disk import SmallDisk, small_disk
from tests.support.streams import EVENTS, PARTS, streamed
from tests.support.subscriber import subscriber
from tests.support.waiting import WAIT_SECONDS, until
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import (
    Behaviour,
    daily_allocation_used,
    error,
    out_of_capacity,
    server_error_page,
)

pytestmark = pytest.mark.anyio

QUERY: Final = "{ images { totalCount } }"
SUBSCRIPTION: Final = 'subscription { batchProgress(id: "bat_none") { sequence } }'
UNAVAILABLE: Final = {"code": "UNAVAILABLE", "retryable": True, "retryAfter": 2}


async def test_a_database_that_is_away_is_unavailable_over_every_door(
    tmp_path: Path, postgres: PostgresServer, migrated_postgres: str
) -> None:
    name = postgres.create_database(migrated_postgres)
    settings = {"database_url": postgres.setting(name)}
    async with running_app(tmp_path, settings) as app:
        client, url = app.client, app.settings.server_url
        async with subscriber(url) as socket:
            postgres.drop_database(name)
            answers = {}
            for kind, status in (
                ("application/json", 200),
                ("application/graphql-response+json", 200),  # a field has failed, with its path
            ):
                response = await client.post(
                    "/graphql", json={"query": QUERY}, headers={"accept": kind}
                )
                assert response.status_code == status
                answers[kind] = response.json()
            (answers["mutation"]) = (
                await client.post(
                    "/graphql",
                    json={
                        "query": 'mutation { createTemplate(input: {name: "T", model: "%s"}) '
                        "{ template { id } } }" % FLUX
                    },
                )
            ).json()
            await socket.subscribe(QUERY, "query")
            answers["websocket"] = await _answer_of(socket)
            await socket.subscribe(SUBSCRIPTION, "subscription")
            answers["websocket subscription"] = await _answer_of(socket)
            for accept in (EVENTS, PARTS):
                async with streamed(url, accept, SUBSCRIPTION) as stream:
                    answers[accept] = await stream.receive() or {}
        for door, answer in answers.items():
            (error,) = answer["errors"]
            assert error["extensions"] == UNAVAILABLE, door
        image_input = {"prompt": "A red fox in the snow", "model": FLUX}
        for response in (
            await client.get("/api/images"),
            await client.post("/api/generate", json=image_input),
        ):
            assert (response.status_code, response.headers["retry-after"]) == (503, "2")
            assert response.json()["error"] == "Service unavailable"


TEMPLATE: Final = {"name": "T", "model": FLUX, "description": "d" * 900, "prompt": "p" * 2000}
CREATE: Final = (
    "mutation { createTemplate(input: "
    '{name: "%(name)s", model: "%(model)s", description: "%(description)s", '
    'defaultPrompt: "%(prompt)s"}) { template { id } userErrors { message } } }' % TEMPLATE
)


@pytest.fixture
def impatient_sqlite(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have SQLite's connections wait 50 ms for a lock and not 10 s."""
    pragmas = ("PRAGMA busy_timeout = 50", *sqlite._PRAGMAS[1:])
    monkeypatch.setattr(sqlite, "_PRAGMAS", pragmas)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Have another process's connection hold the lock that writers need."""
    with closing(sqlite3.connect(folder / "gql_server.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def full(disk: SmallDisk) -> Iterator[None]:
    """Leave no room on the disk that the database is on."""
    disk.fill()
    yield
    disk.make_room()


@pytest.fixture(params=["locked", "full"])
def trouble(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[Path, Callable[[], AbstractContextManager[Any]]]]:
    """A folder for a database, and what makes that database take no writes."""
    if request.param == "locked":
        yield tmp_path, partial(locked, tmp_path)
        return
    with small_disk(tmp_path / "disk", megabytes=12) as disk:
        yield disk.folder, partial(full, disk)


@pytest.mark.usefixtures("impatient_sqlite")
async def test_an_sqlite_that_takes_no_writes_is_unavailable_over_every_door(
    trouble: tuple[Path, Callable[[], AbstractContextManager[Any]]],
    fake_workers_ai: FakeWorkersAI,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(health, "_KEPT_SECONDS", 0.0)
    folder, make_trouble = trouble
    settings = workers_ai_settings(fake_workers_ai)
    async with running_app(folder, settings) as app:
        client, url = app.client, app.settings.server_url
        async with subscriber(url) as socket:
            with make_trouble():
                answers = {}
                for kind in ("application/json", "application/graphql-response+json"):
                    response = await client.post(
                        "/graphql", json={"query": CREATE}, headers={"accept": kind}
                    )
                    assert response.status_code == 200
                    answers[kind] = response.json()
                await socket.subscribe(CREATE, "mutation")
                answers["websocket"] = await _answer_of(socket)
                keyed = {"prompt": "A red fox", "model": FLUX, "idempotencyKey": "k"}
                answers["a keyed picture"] = await app.answer(GENERATE, input=keyed)
                assert (await app.answer(QUERY))["data"] == {"images": {"totalCount": 0}}
                for accept in (EVENTS, PARTS):
                    async with streamed(url, accept, SUBSCRIPTION) as stream:
                        (error,) = (await stream.receive() or {})["errors"]
                        assert error["message"].startswith("There is no batch"), (
                            error
                        )  # it was read
                for door, answer in answers.items():
                    (error,) = answer["errors"]
                    assert error["extensions"] == UNAVAILABLE, door
                posted = {name: TEMPLATE[name] for name in ("name", "model", "description")}
                response = await client.post("/api/templates", json=posted)
                assert (response.status_code, response.headers["retry-after"]) == (503, "2")
                ready = await client.get("/ready")
                assert (ready.status_code, ready.json()["database"]) == (503, "failing")
        assert fake_workers_ai.requests == []
        assert (await client.get("/ready")).status_code == 200
        assert (await app.answer(CREATE))["data"]["createTemplate"]["userErrors"] == []
        assert (await app.image(idempotencyKey="k"))["cost"] == 0.01


@pytest.mark.usefixtures("impatient_sqlite")
async def test_a_batch_waits_for_an_sqlite_that_takes_no_writes(
    trouble: tuple[Path, Callable[[], AbstractContextManager[Any]]],
    fake_workers_ai: FakeWorkersAI,
) -> None:
    folder, make_trouble = trouble
    fake_workers_ai.latency = 0.3
    settings = workers_ai_settings(fake_workers_ai) | {"batch_concurrency": 2}
    async with running_app(folder, settings, runs_jobs=True) as app:
        client = BatchClient(app.settings.server_url)
        batch_id = await client.generate(8)
        await until(lambda: len(fake_workers_ai.requests) >= 3)
        with make_trouble():
            await asyncio.sleep(1)  # longer than what is in flight takes, and shorter than a lease
        batch = await client.ended(batch_id, seconds=WAIT_SECONDS)
    assert (batch["status"], batch["succeeded"], batch["cost"]) == ("SUCCEEDED", 8, 0.08)
    assert len(fake_workers_ai.requests) == 8


async def _answer_of(socket: Any) -> dict[str, Any]:
    message = await socket.receive()
    if message["type"] == "error":
        return {"errors": message["payload"]}
    payload: dict[str, Any] = message["payload"]
    assert (await socket.receive())["type"] == "complete"
    return payload


@pytest.mark.parametrize(
    ("behaviour", "code", "retryable", "status", "retry_after"),
    [
        (out_of_capacity, "GENERATION_FAILED", True, 500, "5"),
        (server_error_page, "GENERATION_FAILED", True, 500, "5"),
        (lambda: error(None, 429), "GENERATION_FAILED", True, 500, "5"),
        (lambda: error(10000, 401), "GENERATION_FAILED", False, 500, None),
        (daily_allocation_used, "DAILY_ALLOCATION_USED", None, 503, "resetsAt"),
    ],
)
async def test_what_the_model_fails_at_is_reported_alike_over_both_apis(
    tmp_path: Path,
    fake_workers_ai: FakeWorkersAI,
    behaviour: Callable[[], Behaviour],
    code: str,
    retryable: bool | None,  # noqa: FBT001 - a column
    status: int,
    retry_after: str | None,
) -> None:
    fake_workers_ai.always = behaviour()
    settings = workers_ai_settings(fake_workers_ai) | {"workers_ai_max_attempts": 1}
    async with running_app(tmp_path, settings) as app:
        await _both(app, code, retryable, status, retry_after)


async def test_a_store_that_cannot_be_used_is_reported_alike_over_both_apis(
    app: RunningApp,
) -> None:
    images = app.settings.images_dir
    if images.is_dir():
        for path in sorted(images.rglob("*"), reverse=True):
            path.rmdir() if path.is_dir() else path.unlink()
        images.rmdir()
    images.write_text("a file where a folder must be")
    # Nothing that a caller does changes it: only the operator can.
    await _both(app, "GENERATION_FAILED", retryable=False, status=500, retry_after=None)


async def _both(
    app: RunningApp,
    code: str,
    retryable: bool | None,  # noqa: FBT001 - as above
    status: int,
    retry_after: str | None,
) -> None:
    (error,) = (await app.generate())["userErrors"]
    assert (error["code"], error.get("retryable")) == (code, retryable)
    image_input = {"prompt": "A red fox in the snow", "model": FLUX}
    response = await app.client.post("/api/generate", json=image_input)
    assert response.status_code == status, response.text
    given = response.headers.get("retry-after")
    if retry_after == "resetsAt":
        assert given is not None
        assert 0 < int(given) <= 86_400
    else:
        assert given == retry_after
