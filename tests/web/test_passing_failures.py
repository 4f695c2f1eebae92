"""What passes by itself is reported alike over every way to ask: docs/using.md has the table."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tests.support.postgres import PostgresServer
from tests.support.running_app import FLUX, RunningApp, running_app, workers_ai_settings
from tests.support.streams import EVENTS, PARTS, streamed
from tests.support.subscriber import subscriber
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
            (told,) = answer["errors"]
            assert told["extensions"] == UNAVAILABLE, door
        picture = {"prompt": "A red fox in the snow", "model": FLUX}
        for response in (
            await client.get("/api/images"),
            await client.post("/api/generate", json=picture),
        ):
            assert (response.status_code, response.headers["retry-after"]) == (503, "2")
            assert response.json()["error"] == "Service unavailable"


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
    (told,) = (await app.generate())["userErrors"]
    assert (told["code"], told.get("retryable")) == (code, retryable)
    picture = {"prompt": "A red fox in the snow", "model": FLUX}
    response = await app.client.post("/api/generate", json=picture)
    assert response.status_code == status, response.text
    given = response.headers.get("retry-after")
    if retry_after == "resetsAt":
        assert given is not None
        assert 0 < int(given) <= 86_400
    else:
        assert given == retry_after
