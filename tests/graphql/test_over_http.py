"""GraphQL over HTTP as its specification says, and nothing of what a client sends is our fault."""

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest

from tests.support.running_app import RunningApp, running_app

pytestmark = pytest.mark.anyio

JSON = "application/json"
RESPONSE_JSON = "application/graphql-response+json"
HUGE = "9" * 5000
LIST = "query L($n: Int, $after: String) { images(first: $n, after: $after) { totalCount } }"


@pytest.fixture(scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[httpx.AsyncClient]:
    folder = tmp_path_factory.mktemp("over-http")
    async with running_app(folder, {"max_body_bytes": 50_000, "max_operations": 2}) as app:
        yield app.client


async def post(client: httpx.AsyncClient, body: Any, accept: str = JSON) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body)
    return await client.post(
        "/graphql", content=content, headers={"content-type": JSON, "accept": accept}
    )


def code_of(response: httpx.Response) -> str:
    code: str = response.json()["errors"][0]["extensions"]["code"]
    return code


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (RESPONSE_JSON, RESPONSE_JSON),
        (f"{RESPONSE_JSON}, {JSON};q=0.9", RESPONSE_JSON),
        (f"{RESPONSE_JSON};q=0.1, {JSON}", JSON),
        (f"{RESPONSE_JSON}; charset=utf-8, {JSON}; charset=utf-8", RESPONSE_JSON),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        (f"text/event-stream, {JSON}", JSON),
        (f"text/event-stream;q=0.5,{RESPONSE_JSON}", RESPONSE_JSON),
    ],
)
async def test_the_answer_has_the_media_type_that_the_client_prefers(
    client: httpx.AsyncClient, accept: str, media_type: str
) -> None:
    response = await post(client, {"query": "{ __typename }"}, accept)
    assert response.status_code == 200
    assert response.headers["content-type"].partition(";")[0] == media_type
    assert response.headers["vary"] == "Accept"
    assert response.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize("accept", ["image/png", "text/html", f"{JSON};q=0"])
async def test_a_client_that_accepts_no_json_is_refused_with_the_reason(
    client: httpx.AsyncClient, accept: str
) -> None:
    response = await post(client, {"query": "{ __typename }"}, accept)
    assert (response.status_code, code_of(response)) == (406, "NOT_ACCEPTABLE")


@pytest.mark.parametrize(
    ("request_body", "code"),
    [
        ({"query": "{"}, "BAD_REQUEST"),
        ({"query": "{ nothing }"}, "BAD_REQUEST"),
        ({"query": "query Q($id: ID!) { node(id: $id) { id } }"}, "BAD_REQUEST"),
        ({"query": LIST, "variables": {"n": "x"}}, "BAD_REQUEST"),
        ({"query": "query A { __typename } query B { __typename }"}, "BAD_REQUEST"),
        ({"query": "query A { __typename }", "operationName": "B"}, "BAD_REQUEST"),
    ],
)  # fmt: skip
async def test_what_cannot_be_run_has_no_data_and_its_status_by_the_media_type(
    client: httpx.AsyncClient, request_body: Any, code: str
) -> None:
    for accept, status in ((JSON, 200), (RESPONSE_JSON, 400)):
        response = await post(client, request_body, accept)
        assert (response.status_code, code_of(response)) == (status, code)
        assert "data" not in response.json()


async def test_an_error_while_running_keeps_the_data_and_200(client: httpx.AsyncClient) -> None:
    body = {"query": "{ nodes(ids: %s) { id } }" % json.dumps(["x"] * 101)}
    response = await post(client, body, RESPONSE_JSON)
    assert response.status_code == 200
    assert response.json()["data"] is None
    assert response.json()["errors"][0]["path"] == ["nodes"]


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"3", b'"x"', b"null", b"true", b"{}", b"[]", b"[1]", b"[null]", b'{"a"'),
        *(b"\xff\xfe", b'{"query": "\xff"}', b'{"query": "\\ud800"}', b"[" * 40_000),
        *(b'{"a":' * 5000 + b"1" + b"}" * 5000, b'{"query": NaN}', b'{"query": 1e999}'),
        *(b'{"query": 1}', b'{"query": {}}', b'{"query": ""}', b'{"query": null}'),
        b'{"query": "{ __typename }", "variables": [1]}',
        b'{"query": "{ __typename }", "variables": "{}"}',
        b'{"query": "{ __typename }", "extensions": 1}',
        b'{"query": "{ __typename }", "operationName": 1}',
        b'{"query": "{ __typename }", "extensions": {"persistedQuery": 1}}',
        b'{"query": "{ __typename }", "extensions": {"persistedQuery": {"version": 2}}}',
        b'{"extensions": {"persistedQuery": {"version": 1, "sha256Hash": 5}}}',
    ],
)  # fmt: skip
async def test_a_hostile_body_is_the_clients_error(client: httpx.AsyncClient, body: bytes) -> None:
    response = await post(client, body)
    assert response.status_code == 400
    assert response.headers["content-type"] == JSON
    assert response.json()["errors"][0]["message"]


UPDATE = (
    "mutation U($m: JSON) { updateImage(input: {id: 1, metadata: $m}) { userErrors { code } } }"
)


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{ images(first: %s) { totalCount } }" % HUGE},
        {"query": "{ images(first: -%s) { totalCount } }" % HUGE},
        {"query": "{ images(first: 1e999) { totalCount } }"},
        {"query": "{ node(id: %s) { id } }" % HUGE},
        {"query": '{ images(filter: {search: "\\u0000"}) { totalCount } }'},
        {"query": '{ images(filter: {tags: ["\\u0000"]}) { totalCount } }'},
        {"query": '{ node(id: "img_\\u0000") { id } }'},
        {"query": '{ images(after: "%s") { totalCount } }' % ("A" * 9000)},
        {"query": "{" + "a{" * 900 + "}" * 900},
        {"query": "{ images(filter: %s) { totalCount } }" % ("[" * 900 + "]" * 900)},
        {"query": "mutation { updateImage(input: {id: 1, metadata: %s}) { userErrors { code } } }"
         % ("[" * 150 + "]" * 150)},
        {"query": "fragment A on Query { ...B } fragment B on Query { ...A } { ...A }"},
        {"query": "{ __typename @skip }"},
        {"query": "\u0000"},
        {"query": "type A { b: C }"},
        {"query": LIST, "variables": {"n": 1e308}},
        {"query": LIST, "variables": {"n": 2**63}},
        {"query": LIST, "variables": {"n": {"a": [[]]}}},
        {"query": LIST, "variables": {"n": 1, "after": "\u0000"}},
        {"query": LIST, "variables": {"n": 1, "after": 5, "other": []}},
    ],
)  # fmt: skip
async def test_a_hostile_operation_is_never_the_servers_error(
    client: httpx.AsyncClient, body: Any
) -> None:
    response = await post(client, body, RESPONSE_JSON)
    assert response.status_code in {200, 400}
    for error in response.json().get("errors", ()):
        assert error["extensions"]["code"] != "INTERNAL", response.text


@pytest.mark.parametrize("depth", [100, 240, 500, 1000])
async def test_deep_json_in_a_variable_is_never_the_servers_error(
    client: httpx.AsyncClient, depth: int
) -> None:
    deep = b'{"a":' * depth + b"1" + b"}" * depth
    body = b'{"query": "%s", "variables": {"m": %s}}' % (UPDATE.encode(), deep)
    response = await post(client, body)
    assert response.status_code in {200, 400}
    assert "INTERNAL" not in response.text


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/x-www-form-urlencoded", "text/plain; application/json", "",
     "application/jsonx", "application/json; charset=utf-16"],
)  # fmt: skip
async def test_what_a_form_can_send_is_not_run(
    client: httpx.AsyncClient, content_type: str
) -> None:
    response = await client.post(
        "/graphql", content='{"query": "{ __typename }"}', headers={"content-type": content_type}
    )
    assert (response.status_code, code_of(response)) == (415, "UNSUPPORTED_MEDIA_TYPE")


async def test_get_reads_and_never_mutates(client: httpx.AsyncClient) -> None:
    read = await client.get(
        "/graphql",
        params={"query": LIST, "variables": '{"n": 1}', "operationName": "L", "extensions": "{}"},
    )
    assert read.json()["data"] == {"images": {"totalCount": 0}}
    mutation = await client.get("/graphql", params={"query": "mutation { __typename }"})
    assert (mutation.status_code, mutation.headers["allow"]) == (405, "POST")
    assert code_of(mutation) == "METHOD_NOT_ALLOWED"


@pytest.mark.parametrize("params", [{"query": LIST, "variables": "{"}, {"extensions": "x"}, {}])
async def test_a_hostile_address_is_the_clients_error(
    client: httpx.AsyncClient, params: Mapping[str, str]
) -> None:
    assert (await client.get("/graphql", params=params)).status_code == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"])
async def test_other_methods_are_refused_with_those_there_are(
    client: httpx.AsyncClient, method: str
) -> None:
    response = await client.request(method, "/graphql")
    assert (response.status_code, response.headers["allow"]) == (405, "GET, POST")


async def test_a_body_has_a_bound_whether_or_not_it_declares_its_length(
    client: httpx.AsyncClient,
) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(60):
            yield b" " * 1000

    for content in (b" " * 50_001, chunks()):
        response = await client.post(
            "/graphql", content=content, headers={"content-type": JSON, "accept": JSON}
        )
        assert (response.status_code, code_of(response)) == (413, "REQUEST_TOO_LARGE")


async def test_a_list_of_operations_is_answered_by_a_list_within_its_bound(
    client: httpx.AsyncClient,
) -> None:
    one = {"query": "{ __typename }"}
    answers = (await post(client, [one, {"query": "{"}])).json()
    assert answers[0]["data"] == {"__typename": "Query"}
    assert answers[1]["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    assert code_of(await post(client, [one] * 3)) == "TOO_MANY_OPERATIONS"


async def test_lists_of_operations_are_off_unless_allowed(app: RunningApp) -> None:
    response = await post(app.client, [{"query": "{ __typename }"}])
    assert (response.status_code, code_of(response)) == (400, "BATCHING_DISABLED")


@pytest.mark.parametrize("accept", ["multipart/mixed;deferSpec=20220824, application/json", JSON])
@pytest.mark.parametrize(
    "document", ["{ ... @defer { models { id } } }", "{ models @stream { id } }"]
)
async def test_defer_and_stream_are_no_directives_here(
    app: RunningApp, accept: str, document: str
) -> None:
    response = await app.client.post(
        "/graphql", json={"query": document}, headers={"accept": accept}
    )
    (error,) = response.json()["errors"]
    assert error["message"].startswith("Unknown directive '@")
    assert error["extensions"]["code"] == "BAD_REQUEST"


async def test_what_a_client_leaves_empty_is_left_out(app: RunningApp) -> None:
    parameters = {"query": "{ __typename }", "variables": "", "extensions": "", "operationName": ""}
    response = await app.client.get("/graphql", params=parameters)
    assert response.json()["data"] == {"__typename": "Query"}


@pytest.mark.parametrize("charset", ["utf8", "UTF-8", "Utf8"])
async def test_utf_8_goes_by_both_of_its_names(app: RunningApp, charset: str) -> None:
    response = await app.client.post(
        "/graphql",
        content=b'{"query":"{ __typename }"}',
        headers={"Content-Type": f"application/json; charset={charset}"},
    )
    assert response.json()["data"] == {"__typename": "Query"}
