"""One line of the log for each request."""

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gql_server.domain.principal import Role
from gql_server.telemetry.quick_log import configure_quick_logs, flush_quick_logs
from tests.support.clients import client_of
from tests.support.running_app import RunningApp, running_app
from tests.support.subscriber import subscriber

pytestmark = pytest.mark.anyio

PROMPT = "A secret garden"
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Log:
    """The lines of the request log."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def text(self) -> str:
        flush_quick_logs()
        return self._capsys.readouterr().err

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines that were written since the last call."""
        return [
            line
            for text in self.text().splitlines()
            if text.startswith("{")
            if (line := json.loads(text)).get("event") in {"request", "operation"}
        ]


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Iterator[Log]:
    configure_quick_logs("json")
    yield Log(capsys)
    configure_quick_logs(None)


async def test_a_log_that_is_closed_fails_no_request(
    app: RunningApp,
    log: Log,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refused(_text: str) -> int:
        raise BrokenPipeError

    monkeypatch.setattr("gql_server.telemetry.quick_log._FLUSH_LINES", 1)
    monkeypatch.setattr(sys.stderr, "write", refused)
    assert await app.ask("query Closed { __typename }") == {"__typename": "Query"}
    monkeypatch.undo()
    await app.ask("query Open { __typename }")
    assert [line["operation"] for line in log.lines()] == ["Open"]
    assert "BrokenPipeError" not in caplog.text


async def test_a_request_is_a_line(app_with_keys: RunningApp, log: Log) -> None:
    async with client_of(app_with_keys, "ann", Role.CREATOR) as ann:
        variables = {"input": {"prompt": PROMPT, "model": "nothing"}}
        query = (
            "mutation Draw($input: GenerateImageInput!) "
            "{ generateImage(input: $input) { userErrors { message } } }"
        )
        headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        body = {"query": query, "variables": variables}
        await ann.client.post("/graphql", json=body, headers=headers)
        await ann.client.get("/api/models")
        await ann.client.get("/health")
        secret = ann.client.headers["authorization"].removeprefix("Bearer ")
    text = log.text()
    draw, models = (json.loads(line) for line in text.splitlines() if '"request"' in line)
    assert draw["operation"] == "Draw"
    assert (draw["method"], draw["status"], draw["user"]) == ("POST", 200, "ann")
    assert draw["key"].startswith("key_")
    assert draw["cost"] > 0
    assert draw["milliseconds"] > 0
    assert draw["trace_id"] == TRACE
    assert (draw["level"], draw["timestamp"][-1]) == ("info", "Z")
    assert models["operation"] == "models"
    assert models["trace_id"] not in {"", TRACE}
    assert PROMPT not in text
    assert secret not in text


async def test_refusals_are_lines(tmp_path: Path, log: Log) -> None:
    settings = {"auth": "keys", "allowance": 12_000, "allowance_per_second": 1}
    async with running_app(tmp_path, settings) as app, client_of(app, "ann", Role.READER) as ann:
        await app.client.post("/graphql", json={"query": "{ __typename }"})
        await ann.client.post("/api/templates", json={"name": "T", "model": "m"})
        expensive = "query Much { images(first: 100) { edges { node { id } } } }"
        for _ in range(200):
            response = await ann.client.post("/graphql", json={"query": expensive})
            if "errors" in response.json():
                break
        await ann.client.get("/api/images?limit=100")
        await ann.client.post(
            "/graphql", json={"query": "{ __typename }"}, headers={"Origin": "https://evil.example"}
        )
    lines = log.lines()
    assert {"status": 401, "client": "127.0.0.1"}.items() <= lines[0].items()
    assert "user" not in lines[0]
    assert {"status": 403, "operation": "createTemplate", "user": "ann"}.items() <= lines[1].items()
    *_, much, images, foreign = lines
    assert {"operation": "Much", "status": 200, "error": "RATE_LIMITED"}.items() <= much.items()
    assert {"status": 429, "operation": "images"}.items() <= images.items()
    assert foreign["refused_origin"] == "https://evil.example"


async def test_sockets_and_their_operations_are_lines(
    app: RunningApp, log: Log, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with subscriber(app.settings.server_url) as socket_client:
        await socket_client.subscribe("query Over { __typename }")
        await socket_client.next()
    async with asyncio.timeout(10):
        found: list[dict[str, Any]] = []
        while len(found) < 2:
            found += log.lines()
            await asyncio.sleep(0.01)
    operation, socket = found
    assert operation["event"] == "operation"
    assert {
        "operation": "Over",
        "kind": "query",
        "user": "default_user",
    }.items() <= operation.items()
    assert (socket["method"], socket["status"]) == ("WEBSOCKET", 101)
    assert socket["trace_id"] == operation["trace_id"]
    assert not [line for line in caplog.records if line.name.startswith(("uvicorn", "websockets"))]


async def test_it_can_be_off(tmp_path: Path, log: Log) -> None:
    async with running_app(tmp_path, {"log_requests": False}) as app:
        await app.ask("{ __typename }")
    assert log.lines() == []


async def test_people_read_lines(app: RunningApp, log: Log) -> None:
    configure_quick_logs("console")
    await app.ask("query Ping { __typename }")
    (line,) = (line for line in log.text().splitlines() if "operation=Ping" in line)
    assert "[info     ] request " in line
    assert " status=200 " in line
