"""The OpenAPI description of /v1 is whole, and everything that is answered is in it."""

from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from gql_server.openai.application import routes_of
from gql_server.openai.description.openapi import document
from gql_server.openai.operations import OPERATIONS
from gql_server.openai.options import OpenAIOptions
from tests.rest.test_description import undescribed
from tests.support.running_app import RunningApp, running_app, workers_ai_settings
from tests.support.schemathesis import schemathesis
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
DOCUMENT = document(OpenAIOptions())


def test_it_is_openapi_3_1_and_everything_has_a_description_and_an_example() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()
    assert undescribed(DOCUMENT) == []


def test_it_has_every_operation_and_the_errors_of_the_middleware() -> None:
    served = {
        (method.upper(), path, operation["operationId"])
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }
    assert served == {(one.method, one.described_path, one.id) for one in OPERATIONS}
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            assert operation["responses"].keys() >= {"401", "403", "421", "429", "500", "503"}


def test_a_server_with_keys_behind_a_path_says_so() -> None:
    assert "security" not in DOCUMENT
    options = OpenAIOptions(requires_auth=True, public_path="/ai")
    found: dict[str, Any] = document(options)
    assert found["security"] == [{"key": []}]
    assert found["servers"] == [{"url": "/ai"}]


def test_no_start_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[OpenAIOptions] = []
    monkeypatch.setattr("gql_server.openai.application.document", built.append)
    options = OpenAIOptions(shows_description=True)
    assert "/v1/openapi.json" in {
        route.path for route in routes_of(options) if isinstance(route, Route)
    }
    assert built == []


async def test_it_is_served_as_rests_is(server: RunningApp, tmp_path: Path) -> None:
    async with running_app(tmp_path, {"playground": "off"}) as app:
        for path in ("docs", "openapi.json"):
            assert (await app.client.get(f"/v1/{path}")).status_code == 404
    for path in ("docs", "docs/start.js", "openapi.json"):
        response = await server.client.get(f"/v1/{path}")
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Basic ")


@pytest.mark.processes
async def test_schemathesis_finds_nothing(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> None:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai)) as app:
        page = await app.client.get("/v1/docs")
        assert "OpenAI-compatible" in page.text
        assert (await app.client.get("/v1/openapi.json")).json() == DOCUMENT
        await schemathesis(
            tmp_path,
            f"{app.settings.server_url}/v1/openapi.json",
            CONFIGURATION,
            len(OPERATIONS),
            "--phases=examples,coverage",
            "--seed=1",
        )


@pytest.mark.survival
async def test_schemathesis_finds_nothing_in_many_tries(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai)) as app:
        url = f"{app.settings.server_url}/v1/openapi.json"
        await schemathesis(tmp_path, url, CONFIGURATION, len(OPERATIONS), "--max-examples=100")
