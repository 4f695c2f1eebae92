"""Documents that are named by their hash: sent before, or trusted from the start."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from graphql import GraphQLError

from gql_server.api.schema import build_schema
from gql_server.cli import main
from gql_server.graphql.execution.documents import Documents
from gql_server.graphql.execution.persisted import PersistedDocuments, load_trusted_documents
from gql_server.graphql.execution.trusted_errors import TrustedDocumentsError
from tests.support.running_app import RunningApp, running_app
from tests.support.subscriber import Subscriber, subscriber

pytestmark = pytest.mark.anyio

QUERY = "query Named { models { id } }"
HASH = sha256(QUERY.encode()).hexdigest()
RESPONSE_JSON = "application/graphql-response+json"
DOCUMENTS: Documents = build_schema().documents


def hashed(value: str = HASH) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": value}}}


def code_of(response: httpx.Response) -> str:
    code: str = response.json()["errors"][0]["extensions"]["code"]
    return code


async def test_a_document_is_sent_once_and_named_by_its_hash_from_then_on(app: RunningApp) -> None:
    client = app.client
    unknown = await client.post("/graphql", json=hashed())
    assert unknown.status_code == 200
    (error,) = unknown.json()["errors"]
    assert error == {
        "message": "PersistedQueryNotFound",
        "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"},
    }
    strict = await client.post("/graphql", json=hashed(), headers={"accept": RESPONSE_JSON})
    assert (strict.status_code, code_of(strict)) == (400, "PERSISTED_QUERY_NOT_FOUND")
    sent = await client.post("/graphql", json=hashed() | {"query": QUERY})
    plain = await client.post("/graphql", json={"query": QUERY})
    assert sent.json()["data"] == plain.json()["data"]
    assert sent.json()["data"]["models"]
    by_post = await client.post("/graphql", json=hashed())
    parameters = {"extensions": json.dumps(hashed()["extensions"])}
    by_get = await client.get("/graphql", params=parameters, headers={"accept": "text/html,*/*"})
    assert by_post.json()["data"] == by_get.json()["data"] == sent.json()["data"]


async def test_a_document_is_kept_only_under_its_own_hash(app: RunningApp) -> None:
    client = app.client
    other = {"query": "mutation { __typename }"}
    wrong = await client.post("/graphql", json=hashed() | other)
    assert (wrong.status_code, code_of(wrong)) == (400, "PERSISTED_QUERY_HASH_MISMATCH")
    assert code_of(await client.post("/graphql", json=hashed())) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_mutation_that_is_known_by_its_hash_does_not_run_by_get(app: RunningApp) -> None:
    query = "mutation { __typename }"
    body = hashed(sha256(query.encode()).hexdigest())
    await app.client.post("/graphql", json=body | {"query": query})
    parameters = {"extensions": json.dumps(body["extensions"])}
    response = await app.client.get("/graphql", params=parameters)
    assert response.status_code == 405


def test_what_is_kept_is_bounded() -> None:
    persisted = PersistedDocuments(DOCUMENTS)
    persisted.document(hashed() | {"query": QUERY})
    assert persisted.document(hashed()) == QUERY
    for number in range(300):
        query = f"{{ __typename }} # {number} {'x' * 60_000}"
        persisted.document(hashed(sha256(query.encode()).hexdigest()) | {"query": query})
    with pytest.raises(GraphQLError, match="PersistedQueryNotFound"):
        persisted.document(hashed())


def test_what_cannot_be_run_is_not_kept() -> None:
    persisted = PersistedDocuments(DOCUMENTS)
    for query in ("{ nothing }", "{ models { id }", "#" * 70_000 + "\n{ __typename }"):
        name = sha256(query.encode()).hexdigest()
        assert persisted.document(hashed(name) | {"query": query}) == query
        with pytest.raises(GraphQLError, match="PersistedQueryNotFound"):
            persisted.document(hashed(name))


async def test_persisted_queries_can_be_switched_off(tmp_path: Path) -> None:
    async with running_app(tmp_path, {"persisted_queries": False}) as app:
        response = await app.client.post("/graphql", json=hashed() | {"query": QUERY})
        assert code_of(response) == "PERSISTED_QUERY_NOT_SUPPORTED"


async def test_with_trusted_documents_nothing_else_is_run(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({f"sha256:{HASH}": QUERY, "5d41402abc": "{ __typename }"}))
    async with running_app(tmp_path, {"trusted_documents": manifest}) as app:
        client = app.client
        bodies: list[dict[str, Any]] = [
            *(hashed(), hashed(f"sha256:{HASH}"), {"documentId": f"sha256:{HASH}"}),
            *({"doc_id": HASH}, {"id": HASH}, {"query": QUERY}, {"id": "5d41402abc"}),
        ]
        for body in bodies:
            assert "data" in (await client.post("/graphql", json=body)).json(), body
        for body, code in (
            ({"query": "{ models { name } }"}, "DOCUMENT_NOT_TRUSTED"),
            ({"query": "{ models { name } }"} | hashed(), "DOCUMENT_NOT_TRUSTED"),
            ({"id": "0" * 64}, "PERSISTED_QUERY_NOT_FOUND"),
            ({}, "BAD_REQUEST"),
        ):
            assert code_of(await client.post("/graphql", json=body)) == code
        page = await client.get("/graphql", headers={"accept": "text/html"})
        assert page.status_code == 406
        async with subscriber(app.settings.server_url) as socket:
            for body, message in (
                ({"id": HASH}, None),
                ({"query": QUERY}, None),
                ({"query": "{ models { name } }"}, "DOCUMENT_NOT_TRUSTED"),
                ({"id": "0" * 64}, "PERSISTED_QUERY_NOT_FOUND"),
            ):
                assert await code_over(socket, body) == message, body


async def test_documents_are_named_by_their_hash_over_a_websocket_too(app: RunningApp) -> None:
    async with subscriber(app.settings.server_url) as socket:
        assert await code_over(socket, hashed()) == "PERSISTED_QUERY_NOT_FOUND"
        assert await code_over(socket, hashed() | {"query": QUERY}) is None
        assert await code_over(socket, hashed()) is None
        assert await code_over(socket, hashed() | {"query": "{ __typename }"}) == (
            "PERSISTED_QUERY_HASH_MISMATCH"
        )
    assert "data" in (await app.client.post("/graphql", json=hashed())).json()


async def code_over(socket: Subscriber, payload: dict[str, Any]) -> str | None:
    """Run a query; return the code of the error that refuses it."""
    await socket.send(type="subscribe", id="1", payload=payload)
    answer = await socket.receive()
    if answer["type"] == "error":
        code: str = answer["payload"][0]["extensions"]["code"]
        return code
    assert answer["payload"]["data"]
    assert (await socket.receive())["type"] == "complete"
    return None


@pytest.mark.parametrize(
    "manifest",
    [
        {HASH: QUERY},
        {
            "format": "apollo-persisted-query-manifest",
            "version": 1,
            "operations": [{"id": HASH, "name": "Named", "type": "query", "body": QUERY}],
        },
    ],
)
def test_each_form_of_manifest_is_read(tmp_path: Path, manifest: Any) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(manifest))
    assert load_trusted_documents(path, DOCUMENTS) == {HASH: QUERY}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (None, "No such file"),
        ("{", "not JSON"),
        ("[]", "not an object"),
        ('{"a": 1}', "not an object"),
        ('{"format": "apollo-persisted-query-manifest"}', "not an object"),
        ("{}", "no documents"),
        ('{"abc": "{ nothing }"}', "document abc: Cannot query field 'nothing'"),
        ('{"abc": "{"}', "document abc: Syntax Error"),
    ],
)
def test_a_bad_manifest_is_reported_with_its_error(
    tmp_path: Path, text: str | None, error: str
) -> None:
    path = tmp_path / "manifest.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(TrustedDocumentsError, match=error):
        load_trusted_documents(path, DOCUMENTS)


def test_a_bad_manifest_stops_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "manifest.json").write_text('{"abc": "{ nothing }"}')
    monkeypatch.setattr("sys.argv", ["gql-server", "serve", "--trusted-documents", "manifest.json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    output = capsys.readouterr().err
    assert output.startswith("TRUSTED_DOCUMENTS: manifest.json: document abc: Cannot query field")
