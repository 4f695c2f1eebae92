"""A bucket whose API token may only read: known before anything is paid for, and fixed in words."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gql_server.cli.root import cli
from gql_server.web import health
from tests.support.faulty_proxy import FaultyProxy, running_proxy
from tests.support.running_app import RunningApp, running_app, workers_ai_settings
from tests.support.s3 import ACCESS_KEY_ID, SECRET_ACCESS_KEY, S3Server
from tests.support.sqlite import make_sqlite
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

HINT = "Give the API token of R2_ACCESS_KEY_ID the permission Object Read & Write for the bucket."


@pytest.fixture
async def proxy(s3: S3Server) -> AsyncIterator[FaultyProxy]:
    async with running_proxy(s3.endpoint_url) as running:
        yield running


@pytest.fixture
def store(s3: S3Server, proxy: FaultyProxy) -> dict[str, Any]:
    return {
        "r2_bucket": s3.make_bucket(),
        "r2_access_key_id": ACCESS_KEY_ID,
        "r2_secret_access_key": SECRET_ACCESS_KEY,
        "r2_endpoint_url": proxy.url,
    }


@pytest.fixture
async def app(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, store: dict[str, Any]
) -> AsyncIterator[RunningApp]:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai) | store) as running:
        yield running


async def failure(app: RunningApp, **changes: Any) -> tuple[str, bool, str]:
    """Ask for a picture that cannot be kept; return the error."""
    (error,) = (await app.generate(**changes))["userErrors"]
    return error["code"], error["retryable"], error["message"]


async def test_once_a_write_is_refused_nothing_more_is_paid_until_it_is_allowed(
    app: RunningApp, proxy: FaultyProxy, fake_workers_ai: FakeWorkersAI
) -> None:
    proxy.may_write = False
    code, is_retryable, message = await failure(app, idempotencyKey="k")
    assert (code, is_retryable) == ("GENERATION_FAILED", False)
    assert "The server's operator must fix this" in message
    paid = len(fake_workers_ai.requests)
    for _ in range(2):
        assert await failure(app) == (
            "GENERATION_FAILED",
            False,
            "Images cannot be stored. The server's operator must fix this; /ready says how.",
        )
    assert len(fake_workers_ai.requests) == paid
    proxy.may_write = True
    image = await app.image(idempotencyKey="k")
    assert (await app.image(idempotencyKey="k"))["id"] == image["id"]
    costs = await app.ask("{ images { totalCount } costAnalytics { totalCost } }")
    assert costs == {"images": {"totalCount": 1}, "costAnalytics": {"totalCost": 0.01}}


async def test_ready_says_which_right_is_missing(
    app: RunningApp, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_KEPT_SECONDS", 0.0)
    monkeypatch.setattr("gql_server.storage.r2._WRITE_CHECK_SECONDS", 0.0)
    assert (await app.client.get("/ready")).status_code == 200
    proxy.may_write = False
    response = await app.client.get("/ready")
    assert response.status_code == 503
    assert response.json()["problems"] == {
        "store": f"R2 refused to write: it answered 403 AccessDenied. {HINT}"
    }
    proxy.may_write = True
    assert (await app.client.get("/ready")).status_code == 200


async def test_ready_asks_for_the_right_to_write_once_in_a_minute(
    app: RunningApp, proxy: FaultyProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_KEPT_SECONDS", 0.0)
    proxy.seen.clear()
    for _ in range(5):
        assert (await app.client.get("/ready")).status_code == 200
    assert proxy.seen.count("PUT") == 1


@pytest.mark.parametrize("is_new", [True, False])
async def test_a_server_that_may_not_write_does_not_start(
    tmp_path: Path,
    store: dict[str, Any],
    proxy: FaultyProxy,
    monkeypatch: pytest.MonkeyPatch,
    is_new: bool,  # noqa: FBT001 - a column
) -> None:
    if not is_new:
        async with running_app(tmp_path, store):
            pass
    proxy.may_write = False
    make_sqlite(tmp_path / "gql_server.db")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    for name, value in store.items():
        monkeypatch.setenv(name.upper(), value)
    result = await asyncio.to_thread(CliRunner().invoke, cli, ["serve"])
    assert result.exit_code == 1
    assert result.output.splitlines()[-1].endswith(f"it answered 403 AccessDenied. {HINT}")
    assert "Traceback" not in result.output
