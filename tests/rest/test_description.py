"""The OpenAPI description is whole, and everything that is answered is in it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from gql_server.access.keys import KeyDraft, create_key
from gql_server.domain.principal import Role
from gql_server.rest.application import rest_application
from gql_server.rest.operations import OPERATIONS
from gql_server.rest.options import RestOptions
from tests.rest.calls import ask, send
from tests.support.running_app import RunningApp, running_app, workers_ai_settings
from tests.support.schemathesis import schemathesis
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

CONFIGURATION = Path(__file__).with_name("schemathesis.toml")
DOCUMENT = rest_application().openapi()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_it_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_everything_has_a_description_and_an_example() -> None:
    assert undescribed(DOCUMENT) == []


def test_omitted_settings_are_those_that_apply() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    for name in ("GenerateRequest", "GenerateBatchRequest"):
        for setting in ("negative_prompt", "seed"):
            text = schemas[name]["properties"][setting]["description"]
            assert "The template's, or else" in text, f"{name}.{setting}"


def undescribed(document: dict[str, Any]) -> list[str]:
    """Return what a description says nothing about, or has no example of."""
    missing: list[str] = []
    for name, schema in document["components"]["schemas"].items():
        if not schema.get("description"):
            missing.append(name)
        missing.extend(
            f"{name}.{field}"
            for field, described in schema.get("properties", {}).items()
            if not described.get("description") or "examples" not in described
        )
    for name, operation in operations(document):
        if not operation["summary"] or not operation["description"]:
            missing.append(name)
        missing.extend(
            f"{name} {parameter['name']}"
            for parameter in operation.get("parameters", ())
            if not parameter["description"] or not parameter["schema"].get("examples")
        )
        bodies = operation.get("requestBody", {}).get("content", {}).values()
        missing.extend(f"{name} body" for body in bodies if not body.get("examples"))
        for status, answer in operation["responses"].items():
            if not answer["description"] or not answer["content"]:
                missing.append(f"{name} {status}")
            missing.extend(
                f"{name} {status} {kind}"
                for kind, content in answer["content"].items()
                if "example" not in content
            )
    return missing


def test_every_operation_documents_the_errors_of_the_middleware() -> None:
    for name, operation in operations(DOCUMENT):
        assert operation["responses"].keys() >= {"401", "403", "421", "429", "500", "503"}, name


def test_only_a_server_with_authentication_says_so() -> None:
    assert "security" not in DOCUMENT
    authenticated = rest_application(RestOptions(requires_auth=True)).openapi()
    assert authenticated["security"] == [{"key": []}]
    assert authenticated["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


async def test_it_can_be_read_without_the_internet(tmp_path: Path) -> None:
    async with running_app(tmp_path, {"auth": "keys", "playground": "on"}) as app:
        await it_is_whole(app)


async def it_is_whole(server: RunningApp) -> None:
    document = await ask(server, "GET", "openapi.json")
    assert document["paths"] == DOCUMENT["paths"]
    page = await send(server, "GET", "docs")
    assert page.status_code == 200
    assert "http" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "<script>" not in page.text
    for name, kind in (
        ("docs/assets/swagger-ui-bundle.js", "text/javascript"),
        ("docs/assets/swagger-ui.css", "text/css"),
        ("docs/start.js", "text/javascript"),
    ):
        assert name in page.text or name == "docs/start.js"
        asset = await send(server, "GET", name)
        assert asset.status_code == 200
        assert asset.headers["content-type"].startswith(kind)


async def test_with_authentication_it_is_for_admins(server: RunningApp) -> None:
    pages = ("docs", "docs/start.js", "docs/assets/swagger-ui.css", "openapi.json")
    for role, status in ((Role.CREATOR, 401), (Role.ADMIN, 200)):
        draft = KeyDraft(user_id="reads-it", role=role)
        key = (await create_key(server.services.database, draft)).secret
        for given in (httpx.BasicAuth("any", key), None):
            headers = {} if given is not None else {"Authorization": f"Bearer {key}"}
            for path in pages:
                response = await send(server, "GET", path, auth=given, headers=headers)
                assert response.status_code == status, path
        # Browsers send a password along unasked, so it opens nothing but pages.
        refused = await send(server, "GET", "models", auth=httpx.BasicAuth("any", key))
        assert refused.status_code == 401
    for path in pages:
        response = await send(server, "GET", path)
        assert response.status_code == 401
        assert response.headers["www-authenticate"].startswith("Basic ")


async def test_where_there_is_no_playground_there_is_no_description(tmp_path: Path) -> None:
    async with running_app(tmp_path, {"playground": "off"}) as app:
        for path in ("docs", "docs/start.js", "openapi.json"):
            assert (await send(app, "GET", path)).status_code == 404
        await ask(app, "GET", "models")


@pytest.mark.processes
async def test_schemathesis_finds_nothing(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> None:
    await try_all(tmp_path, fake_workers_ai, "--phases=examples,coverage", "--seed=1")


@pytest.mark.survival
@pytest.mark.timeout(1800)
async def test_schemathesis_finds_nothing_in_many_tries(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    await try_all(tmp_path, fake_workers_ai, "--max-examples=100")


async def try_all(folder: Path, fake_workers_ai: FakeWorkersAI, *options: str) -> None:
    async with running_app(folder, workers_ai_settings(fake_workers_ai)) as app:
        url = f"{app.settings.server_url}/api/openapi.json"
        await schemathesis(folder, url, CONFIGURATION, len(OPERATIONS), *options)
