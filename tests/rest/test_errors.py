"""What REST's clients are told when something is wrong."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.domain import errors as domain
from gql_server.domain.errors import BatchPending, GenerationPending, Rejected
from gql_server.rest.errors.forms import status_of
from gql_server.rest.errors.problems import Pending, Problem, documented
from gql_server.rest.errors.translation import error_response
from tests.domain.error_family import error_family
from tests.rest.calls import ask, send
from tests.support.running_app import FLUX, RunningApp, running_app, workers_ai_settings
from tests.support.waiting import WAIT_SECONDS
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import (
    daily_allocation_used,
    error,
    out_of_capacity,
    prompt_refused,
)

pytestmark = pytest.mark.anyio

GOOD = {"prompt": "A red fox", "model": FLUX}
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("prompt", ["ab", "  a  ", ""])
async def test_a_short_prompt_is_refused_in_the_documented_words(
    user: RunningApp, prompt: str
) -> None:
    assert await ask(user, "POST", "generate", 400, json=GOOD | {"prompt": prompt}) == {
        "error": "Invalid prompt",
        "details": {"field": "prompt", "message": "Prompt must be at least 3 characters"},
    }


async def test_an_unknown_model_is_refused_in_the_documented_words(user: RunningApp) -> None:
    body = {"prompt": "A red fox", "model": "@cf/invalid/model"}
    assert await ask(user, "POST", "generate", 400, json=body) == {
        "error": "Invalid model",
        "details": {"model": "@cf/invalid/model", "message": "Model not found or not supported"},
    }


@pytest.mark.parametrize(
    ("given", "error", "field"),
    [
        ({"prompt": None}, "Invalid prompt", "prompt"),
        ({"prompt": 42}, "Invalid prompt", "prompt"),
        ({"prompt": "a\u0000bc"}, "Invalid prompt", "prompt"),
        ({"model": None}, "Invalid model", "model"),
        ({"model": 1}, "Invalid model", "model"),
        ({"template_id": "tpl_none"}, "Template not found", "template_id"),
        ({"template_id": "\u0000"}, "Template not found", "template_id"),
        ({"steps": 99}, "Invalid steps", "steps"),
        ({"steps": "4"}, "Invalid steps", "steps"),
        ({"steps": True}, "Invalid steps", "steps"),
        ({"metadata": []}, "Invalid metadata", "metadata"),
        ({"metadata": {"a": "a" * 20_000}}, "Invalid metadata", "metadata"),
        ({"tags": [""]}, "Invalid tags", "tags.0"),
        ({"tags": "fox"}, "Invalid tags", "tags"),
        ({"max_cost": -0.1}, "Invalid max_cost", "max_cost"),
    ],
)
async def test_a_field_that_is_wrong_is_named(
    user: RunningApp, given: dict[str, object], error: str, field: str
) -> None:
    problem = await ask(user, "POST", "generate", 400, json=GOOD | given)
    assert problem["error"] == error
    assert set(problem["details"]) == {"field", "message"}
    assert problem["details"]["field"] == field


async def test_several_errors_are_reported_at_once(user: RunningApp) -> None:
    problem = await ask(
        user, "POST", "generate", 400, json={"prompt": "a", "model": "x", "tags": [""]}
    )
    assert problem["error"] == "Invalid model"
    assert [error["field"] for error in problem["details"]["errors"]] == [
        "model",
        "prompt",
        "tags.0",
    ]


@pytest.mark.parametrize(
    ("content", "headers", "status", "message"),
    [
        (b"{", JSON, 400, "The body is not JSON"),
        (b"\xff", JSON, 400, "The body is not JSON"),
        (b'{"prompt": NaN}', JSON, 400, "The body is not JSON"),
        (b"[" * 100_000, JSON, 400, "The body is not JSON"),
        (b'{"a":' * 2000 + b"1" + b"}" * 2000, JSON, 400, "The body is not JSON"),
        (b"", JSON, 400, "The body must be a JSON object"),
        (b"[]", JSON, 400, "The body must be a JSON object"),
        (b"3", JSON, 400, "The body must be a JSON object"),
        (b"null", JSON, 400, "The body must be a JSON object"),
        (b"{}", {}, 415, "Send the body as application/json"),
        (b"{}", {"content-type": "text/plain"}, 415, "Send the body as application/json"),
        (
            b"prompt=fox",
            {"content-type": "application/x-www-form-urlencoded"},
            415,
            "Send the body as application/json",
        ),
        (b"{}", {"content-type": "application/json; charset=latin1"}, 415, "Send the body as"),
        (b" " * (8 * 1024 * 1024 + 1), JSON, 413, "larger than the server accepts"),
    ],
)
@pytest.mark.parametrize("path", ["generate", "batch/generate"])
async def test_a_body_that_cannot_be_read_is_refused(
    user: RunningApp, path: str, content: bytes, headers: dict[str, str], status: int, message: str
) -> None:
    response = await send(user, "POST", path, content=content, headers=headers)
    assert response.status_code == status
    problem = response.json()
    assert message in problem["details"]["message"]
    assert set(problem) == {"error", "details"}


@pytest.mark.parametrize("path", ["generate", "batch/generate"])
async def test_metadata_that_is_nested_too_deeply_is_refused(user: RunningApp, path: str) -> None:
    what = '"prompt": "A fox"' if path == "generate" else '"prompts": ["A fox"]'
    for depth in (300, 600, 1000):
        nested = '{"a":' * depth + "1" + "}" * depth
        content = '{"model": "%s", %s, "metadata": %s}' % (FLUX, what, nested)
        for key in ({}, {"Idempotency-Key": f"deep-{depth}"}):
            problem = await ask(user, "POST", path, 400, content=content, headers=JSON | key)
            assert problem["error"] == "Invalid metadata"


@pytest.mark.parametrize("number", [str(2**64), str(-(2**63) - 1), "1" + "0" * 200])
async def test_a_whole_number_that_would_be_changed_is_refused(
    user: RunningApp, number: str
) -> None:
    body = '{"prompt": "A red fox", "model": "%s", "metadata": {"a": %s}}' % (FLUX, number)
    problem = await ask(
        user, "POST", "generate", 400, content=body, headers={"content-type": "application/json"}
    )
    assert "beyond 64 bits" in problem["details"]["message"]
    assert len(problem["details"]["message"]) < 200


async def test_whole_numbers_of_64_bits_and_what_only_looks_like_one_are_kept(
    user: RunningApp,
) -> None:
    metadata = {"a": [2**64 - 1, -(2**63)], "b": "9" * 40, "c": 1.2345678901234567e40}
    image = await ask(user, "POST", "generate", 201, json=GOOD | {"metadata": metadata})
    found = await user.ask("query($id: ID!) {image(id: $id) {metadata}}", id=image["id"])
    assert found["image"]["metadata"] == metadata


async def test_an_unknown_address_or_method_is_reported(user: RunningApp) -> None:
    for method, path, status, allow in (
        ("GET", "nothing", 404, None),
        ("GET", "images/", 404, None),
        ("DELETE", "templates", 405, "GET, POST"),
        ("PATCH", "templates/tpl_x", 405, "DELETE, GET, PUT"),
        ("GET", "generate", 405, "POST"),
        ("OPTIONS", "models", 405, "GET"),
        ("POST", "openapi.json", 405, "GET, HEAD"),
        ("PUT", "docs", 405, "GET, HEAD"),
        ("DELETE", "docs/assets/swagger-ui.css", 405, "GET, HEAD"),
    ):
        response = await send(user, method, path)
        assert response.status_code == status
        assert response.headers.get("allow") == allow
        assert set(response.json()) == {"error", "details"}
    bare = await user.client.get("/api")
    assert (bare.status_code, bare.json()["error"]) == (404, "Not found")


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("images", {"limit": 0}, "limit"),
        ("images", {"limit": 101}, "limit"),
        ("images", {"limit": "many"}, "limit"),
        ("images", {"cursor": "x"}, "cursor"),
        ("images", {"cursor": "é"}, "cursor"),
        ("images", {"model": "\u0000"}, "model"),
        ("images", {"batch_id": "b" * 300}, "batch_id"),
        ("templates", {"cursor": "MTox"}, "cursor"),
        ("analytics/costs", {"since": "yesterday"}, "since"),
        ("analytics/costs", {"until": "2026-01-01T00:00:00"}, "until"),
        ("analytics/costs", {"until": "0001-01-01T00:00:00+05:00"}, "until"),
        (
            "analytics/costs",
            {"since": "2026-01-02T00:00:00Z", "until": "2026-01-01T00:00:00Z"},
            "until",
        ),
    ],
)
async def test_a_parameter_that_is_wrong_is_named(
    user: RunningApp, path: str, params: dict[str, Any], field: str
) -> None:
    problem = await ask(user, "GET", path, 400, params=params)
    assert problem["error"] == f"Invalid {field}"
    assert problem["details"]["field"] == field


async def test_a_failed_generation_is_a_500_with_its_message(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    settings = workers_ai_settings(fake_workers_ai) | {"workers_ai_max_attempts": 1}
    async with running_app(tmp_path, settings) as app:
        for behaviour, status, title, retry in (
            (out_of_capacity(), 500, "Image generation failed", "5"),
            (error(5006, 400, "no such property"), 500, "Image generation failed", None),
            (prompt_refused(), 400, "Invalid prompt", None),
            (daily_allocation_used(), 503, "Daily allocation used", "[0-9]+"),
        ):
            fake_workers_ai.next(behaviour)
            response = await send(app, "POST", "generate", json=GOOD)
            assert response.status_code == status
            problem = response.json()
            assert problem["error"] == title
            assert len(problem["details"]["message"]) > 10
            if status == 500:
                assert set(problem["details"]) == {"message"}
            found = response.headers.get("retry-after")
            assert found is None if retry is None else re.fullmatch(retry, found or "")
        assert (await ask(app, "GET", "images"))["total"] == 0


async def test_an_image_that_takes_longer_than_the_deadline_is_pending(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    settings = workers_ai_settings(fake_workers_ai) | {"request_deadline": 1.0}
    async with running_app(tmp_path, settings) as app:
        key = {"Idempotency-Key": "slow"}
        with fake_workers_ai.held():
            response = await send(app, "POST", "generate", json=GOOD, headers=key)
            again = await send(app, "POST", "generate", json=GOOD, headers=key)
        assert response.status_code == 202
        pending = response.json()
        assert set(pending) == {"id", "status", "message"}
        assert pending["status"] == "pending"
        assert response.headers["location"] == f"/api/images/{pending['id']}"
        assert again.status_code == 409
        assert again.json()["details"]["id"] == pending["id"]
        assert again.headers["retry-after"]
        async with asyncio.timeout(WAIT_SECONDS):
            while (await send(app, "GET", f"images/{pending['id']}")).status_code == 404:
                await asyncio.sleep(0.02)
        assert len(fake_workers_ai.requests) == 1


async def test_a_body_that_does_not_come_is_not_waited_for(tmp_path: Path) -> None:
    async with running_app(tmp_path, {"receive_timeout": 0.2}) as app:
        reader, writer = await asyncio.open_connection("127.0.0.1", app.settings.port)
        writer.write(
            b"POST /api/generate HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: 100\r\n\r\n{"
        )
        async with asyncio.timeout(WAIT_SECONDS):
            answer = await reader.read()
        writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"error":"Request timeout"' in answer


async def test_what_no_one_foresaw_is_masked_and_a_lost_database_is_a_503(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_app(tmp_path) as app:
        async with app.services.database.write() as connection:
            await connection.execute(text("ALTER TABLE templates RENAME TO elsewhere"))
        with capture_logs() as logs:
            problem = await ask(app, "GET", "templates", 500)
        assert problem["error"] == "Internal server error"
        assert problem["details"]["reference"] in problem["details"]["message"]
        assert "templates" not in problem["details"]["message"]
        (logged,) = [entry for entry in logs if entry["event"] == "unexpected_error"]
        assert logged["reference"] == problem["details"]["reference"]

        def lost() -> None:
            raise DatabaseUnavailable("gone")

        monkeypatch.setattr(type(app.services.database), "read", lambda _self: lost())
        response = await send(app, "GET", "images")
        assert response.status_code == 503
        assert response.headers["retry-after"] == "2"
        assert response.json()["error"] == "Service unavailable"


def test_every_error_of_the_domain_has_a_status_that_is_documented() -> None:
    for kind in error_family() - {GenerationPending, BatchPending}:
        error = kind.__new__(kind)
        error.path = ("id",)
        if isinstance(error, domain.GenerationFailed):
            error.reached_model = True
        assert documented(status_of(error))


def test_a_batch_that_is_not_accepted_by_the_deadline_is_pending() -> None:
    response = error_response(BatchPending("bat_1"))
    assert response.status_code == 202
    assert response.headers["location"] == "/api/batch/bat_1"
    assert Pending.model_validate_json(bytes(response.body)).id == "bat_1"


async def test_a_turn_that_the_rate_limit_does_not_leave_is_a_429() -> None:
    error = domain.GenerationFailed("Try again.", retryable=True, reached_model=False)
    for raised in (error, Rejected([error])):
        response = error_response(raised)
        assert response.status_code == 429
        assert response.headers["retry-after"] == "5"
        problem = Problem.model_validate_json(bytes(response.body))
        assert problem.error == "Too many requests"
