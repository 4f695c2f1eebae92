from typing import NoReturn

import pytest
import structlog
from sqlalchemy import text
from structlog.testing import capture_logs

from gql_server.database.engine.errors import DatabaseUnavailable
from tests.support.running_app import RunningApp

pytestmark = pytest.mark.anyio


async def test_an_error_of_the_server_is_masked_and_logged_with_a_reference(
    app: RunningApp,
) -> None:
    async with app.services.database.write() as connection:
        await connection.execute(text("ALTER TABLE images RENAME TO elsewhere"))
    with capture_logs() as logs:
        answer = await app.answer("{ images { totalCount } }")
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    reference = error["extensions"]["reference"]
    assert reference in error["message"]
    assert "images" not in error["message"]
    assert answer["data"] is None
    (logged,) = [entry for entry in logs if entry["event"] == "unexpected_error"]
    assert logged["reference"] == reference
    assert "no such table" in str(logged["exc_info"])


@pytest.mark.parametrize(
    "document",
    ["{", "{ nothing }", "{ image { id } }", "query Q($a: Int!) { models { id } }"],
)
async def test_an_invalid_document_is_the_clients_error(app: RunningApp, document: str) -> None:
    response = await app.client.post("/graphql", json={"query": document})
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_too_many_ids_are_refused(app: RunningApp) -> None:
    answer = await app.answer(
        "query N($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=["img_none"] * 101
    )
    assert answer["errors"][0]["extensions"] == {"code": "BAD_REQUEST", "arguments": [["ids"]]}


async def test_an_outage_of_the_database_is_unavailable_and_logged_once(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> NoReturn:
        raise DatabaseUnavailable("gone")

    monkeypatch.setattr("gql_server.api.images.types.list_images", away, raising=False)
    monkeypatch.setattr("gql_server.generation.images.list_images", away)
    monkeypatch.setattr("gql_server.generation.images.list_raw_images", away)
    query = {"query": "{ images { totalCount edges { node { id } } } }"}
    with structlog.testing.capture_logs() as logged:
        for kind, status in (("application/graphql-response+json", 200), ("application/json", 200)):
            answer = await app.client.post("/graphql", json=query, headers={"accept": kind})
            assert answer.status_code == status
            (error,) = answer.json()["errors"]
            assert error["extensions"] == {
                "code": "UNAVAILABLE",
                "retryable": True,
                "retryAfter": 2,
            }
    assert [entry["event"] for entry in logged].count("database_unavailable") == 1
    assert not [entry for entry in logged if entry["event"] == "unexpected_error"]
