"""/v1 goes through the same door as the other APIs: limits, hosts, origins, the log, metrics."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest

from gql_server.domain.principal import Role
from tests.openai.calls import EDITS, GENERATIONS, PREFLIGHT, SMALL, error, events
from tests.support.clients import client_of
from tests.support.running_app import RunningApp, png, running_app
from tests.support.waiting import WAIT_SECONDS
from tests.web.test_metrics import scraped
from tests.web.test_request_form import answer
from tests.web.test_request_log import Log, log

pytestmark = pytest.mark.anyio

__all__ = ["log"]

ORIGIN = "https://app.example.com"
HEAD = "POST %s HTTP/1.1\nHost: localhost\nConnection: close\nContent-Type: %s\nContent-Length: %d"


async def test_bodies_are_limited_in_size_and_time(tmp_path: Path) -> None:
    settings = {"max_body_bytes": 2048, "receive_timeout": 0.3}
    async with running_app(tmp_path, settings) as app:
        found = await error(app, GENERATIONS, 413, json=SMALL | {"prompt": "A" * 4096})
        assert found["code"] == "request_too_large"
        found = await error(app, EDITS, 413, content=b"{}" * 2048, headers=_JSON)
        assert found["code"] == "request_too_large"
        form = "multipart/form-data; boundary=x\nX-Requested-With: y"
        status, text = await answer(app, HEAD % (EDITS, form, 65 * 1024 * 1024))
        assert status in {408, 413}, text
        for path, kind in ((GENERATIONS, "application/json"), (EDITS, form)):
            status, text = await answer(app, HEAD % (path, kind, 100), b"--x")
            assert (status, '"request_timeout"' in text) == (408, True), text
        many = [("image[]", (f"{number}.png", png(8, 8), "image/png")) for number in range(20)]
        response = await app.client.post(EDITS, data=SMALL, files=many, headers=PREFLIGHT)
        assert response.status_code == 400
        assert "Too many files" in response.json()["error"]["message"]


_JSON = {"Content-Type": "application/json"}


async def test_refusals_before_the_api_have_its_form(tmp_path: Path) -> None:
    async with running_app(tmp_path, {"cors_origins": ORIGIN}) as app:
        response = await app.client.get("/v1/models", headers={"Host": "evil.example"})
        assert response.status_code == 421
        assert response.json()["error"]["code"] == "host_not_allowed"
        status, text = await answer(app, HEAD % (GENERATIONS, "a", 0) + "\nHost: evil.example")
        assert (status, '"invalid_request_error"' in text) == (400, True)
        status, text = await answer(app, HEAD % (GENERATIONS, "a", 0) + "\nContent-Encoding: br")
        assert (status, '"unsupported_content_encoding"' in text) == (415, True)
        headers = {
            "origin": ORIGIN,
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization, content-type, idempotency-key",
        }
        preflight = await app.client.options(GENERATIONS, headers=headers)
        assert preflight.status_code == 200
        shown = await app.client.get("/v1/models", headers={"origin": ORIGIN})
        assert "Image-Size-Adjusted" in shown.headers["access-control-expose-headers"]
    async with running_app(tmp_path / "closed", {"allowed_ips": "10.0.0.0/8"}) as app:
        response = await app.client.get("/v1/models")
        assert (response.status_code, response.text) == (403, "Forbidden")


async def test_each_image_spends_from_the_callers_allowance(tmp_path: Path) -> None:
    settings = {"allowance": 10, "allowance_per_second": 1, "max_query_cost": 10}
    async with running_app(tmp_path, settings) as app:
        several = await app.client.post(GENERATIONS, json=SMALL | {"n": 4})
        assert several.headers["ratelimit"].startswith('"allowance";r=')
        for _ in range(4):
            response = await app.client.post(GENERATIONS, json=SMALL | {"n": 4})
            if response.status_code != 200:
                break
        assert response.status_code == 429
        found = response.json()["error"]
        assert (found["type"], found["code"]) == ("rate_limit_error", "rate_limit_exceeded")
        assert int(response.headers["retry-after"]) > 0


async def test_a_request_is_a_line_and_counted(app_with_keys: RunningApp, log: Log) -> None:
    async with client_of(app_with_keys, "ann", Role.ADMIN) as ann:
        before = await scraped(ann.client)
        response = await ann.client.post(GENERATIONS, json=SMALL)
        await ann.client.get("/v1/nothing")
        after = await scraped(ann.client)
    text = log.text()
    lines = [json.loads(line) for line in text.splitlines() if '"request"' in line]
    created = next(line for line in lines if line["operation"] == "createImage")
    assert (created["status"], created["user"], created["cost"]) == (200, "ann", 1)
    assert created["trace_id"] == response.headers["x-request-id"]
    assert str(SMALL["prompt"]) not in text
    labels = {"api": "openai", "operation": "createImage", "role": "admin", "status": "200"}
    assert after("requests_total", **labels) - before("requests_total", **labels) == 1
    unknown = {"api": "openai", "operation": "none", "status": "404"}
    assert after("requests_total", **unknown) - before("requests_total", **unknown) == 1


async def test_images_in_base64_are_not_compressed(user: RunningApp) -> None:
    headers = {"Accept-Encoding": "gzip, zstd"}
    response = await user.client.post(GENERATIONS, json=SMALL, headers=headers)
    assert "content-encoding" not in response.headers
    models = await user.client.get("/v1/models", headers=headers)
    assert "content-encoding" in models.headers


async def test_a_stream_whose_client_is_gone_goes_on(user: RunningApp) -> None:
    body = SMALL | {"stream": True, "prompt": "[preview:slow 3] A red fox"}
    with pytest.raises(httpx.ReadTimeout):
        await user.client.post(GENERATIONS, json=body, timeout=1.5)
    async with asyncio.timeout(WAIT_SECONDS):
        while not (await user.ask("{ images { totalCount } }"))["images"]["totalCount"]:
            await asyncio.sleep(0.05)


async def test_a_long_stream_is_kept_alive(
    user: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gql_server.openai.images.stream._KEEP_ALIVE_SECONDS", 0.2)
    body = SMALL | {"stream": True, "prompt": "[preview:slow 2] A red fox"}
    response = await user.client.post(GENERATIONS, json=body)
    assert response.text.startswith(": the image is being generated\n\n")
    assert len(events(response.text)) == 1
