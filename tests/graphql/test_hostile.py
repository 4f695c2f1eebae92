"""Hostile inputs by the thousand: documents made from the schema, requests and messages of noise.

Never a status of 500, never a masked error for what is the client's fault, never an answer that
takes long or has no end. `make test` tries some; `make test-survival` thousands.
"""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

import anyio.from_thread
import pytest
import structlog
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import Mode, from_schema, nodes
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gql_server.access.key_secrets import new_secret
from gql_server.access.keys import KeyDraft, create_key
from gql_server.domain.principal import Role
from tests.access.access_probes import make_objects
from tests.support.running_app import FLUX, RunningApp, png, running_app
from tests.support.sdl import SCHEMA
from tests.support.subscriber import open_socket

MAX_SECONDS = 10
MAX_BYTES = 5 * 1024 * 1024
MAX_SECONDS_OF_LISTS = 4
MAX_BYTES_OF_ERRORS = 64 * 1024
PROTOCOL_CODES = {1008, 1009, 4400, 4401, 4403, 4409, 4429}
JSON_TYPE, NEW_TYPE = "application/json", "application/graphql-response+json"
PREFLIGHT = {"GraphQL-Require-Preflight": "1"}


@dataclass(frozen=True, slots=True)
class Target:
    """A server that asks for keys, some keys, and what there is to name in a document."""

    app: RunningApp
    call: Callable[..., Any]
    keys: tuple[str | None, ...]
    names: tuple[str, ...]


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    folder = tmp_path_factory.mktemp("hostile")
    # Nobody could tell a refusal from a fault, were the allowance used up.
    bounds = {"auth": "keys", "allowance": 0, "websockets_per_user": 1_000_000}
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(running_app(folder, bounds)) as app,
    ):

        async def prepare() -> Target:
            owned = await make_objects(app.services, "ann")
            secrets = [
                (await create_key(app.services.database, KeyDraft(user_id="ann", role=role))).secret
                for role in Role
            ]
            names = (*(str(value) for value in asdict(owned).values()), FLUX)
            return Target(app, portal.call, (*secrets, new_secret().text, None), names)

        yield portal.call(prepare)


NASTY = (
    "",
    "\x00",
    "https://127.0.0.1/",
    "http://x",
    "9" * 400,
    "-1",
    "UTC",
    "Europe/Berlin",
    "é" * 3000,
)
SCALARS = {
    "DateTime": st.sampled_from(
        ["2026-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59Z", "x", ""]
    ).map(nodes.String),
    "JSON": st.sampled_from([nodes.Null, nodes.Object([]), nodes.List([]), nodes.Int(2**70)]),
    "Upload": st.just(nodes.Null),
}
DOCUMENTS = st.deferred(  # built when they are drawn from: not every run does
    lambda: (
        from_schema(SCHEMA, custom_scalars=SCALARS)
        | from_schema(SCHEMA, custom_scalars=SCALARS, mode=Mode.NEGATIVE)
    )
)
LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"')
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


def named(document: str, names: tuple[str, ...], chance: Random) -> str:
    """Put what there is, and what is nasty, in the place of some of a document's texts."""

    def choose(found: re.Match[str]) -> str:
        if chance.random() < 0.4:
            return found[0]
        return json.dumps(chance.choice((*names, *NASTY)))

    return LITERAL.sub(choose, document)


def in_bounds(target: Target, ask: Callable[[], Awaitable[Any]]) -> Any:
    """Return the answer, which must be no fault of the server's."""
    began = time.process_time()
    response = target.call(ask)
    assert time.process_time() - began < MAX_SECONDS
    assert len(response.content) < MAX_BYTES
    assert response.status_code < 500, response.text
    assert '"INTERNAL"' not in response.text, response.text
    return response


def try_document(
    target: Target, document: str, key: int, seed: int, variables: object, *, is_get: bool
) -> None:
    query = named(document, target.names, Random(seed))
    secret = target.keys[key % len(target.keys)]
    headers = {"accept": NEW_TYPE} | ({"authorization": f"Bearer {secret}"} if secret else {})

    async def ask() -> Any:
        client = target.app.client
        if is_get and len(query) < 2000:
            return await client.get("/graphql", params={"query": query}, headers=headers)
        body = json.dumps({"query": query, "variables": variables})  # infinities too
        sent = {**headers, "content-type": JSON_TYPE}
        return await client.post("/graphql", content=body, headers=sent)

    response = in_bounds(target, ask)
    assert response.status_code in {200, 400, 401, 405}, response.text
    answer = response.json()
    assert answer.keys() & {"data", "errors"}
    assert secret != target.keys[-2] or response.status_code == 401


HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "content-type",
            "accept",
            "authorization",
            "origin",
            "host",
            "x-forwarded-for",
            "range",
            "if-none-match",
            "graphql-require-preflight",
            "content-encoding",
            "cookie",
        ]
    ),
    st.sampled_from(
        [
            JSON_TYPE,
            NEW_TYPE,
            "multipart/form-data",
            "multipart/form-data; boundary=x",
            "text/plain",
            "application/json; charset=utf-7",
            "text/event-stream",
            "multipart/mixed;subscriptionSpec=1.0",
            "*/*;q=nan",
            "Bearer",
            "Bearer gqls_",
            "gzip",
            "null",
            "*",
            "1",
            "\xff\xfe",
            "bytes=0-",
            ",;=,",
        ]
    )
    | st.text(
        st.characters(min_codepoint=33, max_codepoint=255, exclude_characters="\x7f"), max_size=40
    ),
    max_size=5,
)
PATHS = st.sampled_from(
    [
        "/graphql",
        "/graphql?query={",
        "/graphql?query=%7B__typename%7D&variables=%FF",
        "/",
        "/graphql/",
        "/images/",
        "/images/..%2f..%2fetc%2fpasswd",
        "/images/%00",
        "/images/a?width=99999999999999999999",
        "/images/a.png?format=%00&expires=x&signature=y",
        "/ready",
        "/health",
        "/nothing",
        "//",
        "/%2e%2e",
    ]
)
BODIES = (
    st.binary(max_size=200)
    | ANY_JSON.map(json.dumps).map(str.encode)
    | st.fixed_dictionaries(
        {},
        optional={
            "query": ANY_JSON | st.sampled_from(["{ __typename }", "{", "subscription { x }"]),
            "variables": ANY_JSON,
            "operationName": ANY_JSON,
            "extensions": ANY_JSON | st.fixed_dictionaries({"persistedQuery": ANY_JSON}),
        },
    )
    .map(json.dumps)
    .map(str.encode)
)


def try_request(
    target: Target, method: str, path: str, headers: dict[str, str], body: bytes, key: int
) -> None:
    secret = target.keys[key % len(target.keys)]
    known = {"authorization": f"Bearer {secret}"} if secret is not None else {}
    sent = [(name.encode(), text.encode("latin-1")) for name, text in {**known, **headers}.items()]

    async def ask() -> Any:
        return await target.app.client.request(method, path, headers=sent, content=body)

    in_bounds(target, ask)


MESSAGES = st.lists(
    st.fixed_dictionaries(
        {
            "type": st.sampled_from(
                ["connection_init", "subscribe", "complete", "ping", "pong", "next", "", "x" * 300]
            )
        },
        optional={
            "id": ANY_JSON | st.sampled_from(["1", "2"]),
            "payload": ANY_JSON
            | st.fixed_dictionaries(
                {
                    "query": st.sampled_from(
                        [
                            "{ models { id } }",
                            "subscription { imageCreated { id } }",
                            "{",
                            "",
                            "subscription { imageCreated(after: 1) { id } }",
                        ]
                    )
                },
                optional={"variables": ANY_JSON, "operationName": ANY_JSON, "extensions": ANY_JSON},
            ),
        },
    )
    | ANY_JSON,
    max_size=8,
)


def try_messages(target: Target, messages: list[Any], key: int) -> None:
    secret = target.keys[key % len(target.keys)]

    async def ask() -> int | None:
        headers = {"authorization": f"Bearer {secret}"} if secret else {}
        url = target.app.settings.server_url
        try:
            async with open_socket(url, additional_headers=headers) as client:
                try:
                    for message in (*messages, {"type": "ping", "payload": {"last": True}}):
                        await client.socket.send(json.dumps(message))
                    while (await client.receive())["type"] != "pong":
                        pass
                except ConnectionClosed:
                    return client.socket.close_code
        except InvalidStatus as refused:
            return refused.response.status_code
        return None

    with structlog.testing.capture_logs() as logged:
        code = target.call(asyncio.wait_for, ask(), MAX_SECONDS)
    assert code in {None, 401, *PROTOCOL_CODES}
    assert [entry for entry in logged if entry["log_level"] in {"error", "critical"}] == []


def try_upload(target: Target, data: bytes, name: str, places: object) -> None:
    operations = {
        "query": "mutation ($file: Upload!) { uploadSourceImage(input: {file: $file}) "
        "{ sourceImage { id width } userErrors { code } } }",
        "variables": {"file": None},
    }
    secret = target.keys[1]

    async def ask() -> Any:
        return await target.app.client.post(
            "/graphql",
            data={"operations": json.dumps(operations), "map": json.dumps(places)},
            files={"0": (name, data)},
            headers={**PREFLIGHT, "authorization": f"Bearer {secret}"},
        )

    in_bounds(target, ask)


PICTURE = png(64, 48)
UPLOADS = st.binary(max_size=300) | st.builds(
    lambda place, noise: PICTURE[:place] + noise + PICTURE[place + len(noise) :],
    st.integers(0, len(PICTURE)),
    st.binary(max_size=6),
)
PLACES = st.just({"0": ["variables.file"]}) | ANY_JSON
FILE_NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


MANY = 300_000
LISTS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("generate", {"tags": [""] * MANY}),
    ("generate", {"source_image_ids": ["x"] * MANY}),
    ("batch/generate", {"tags": [""] * 1000}),
    ("batch/generate", {"prompts": ["x"] * 10_000}),
    ("batch/generate", {"prompts": [1] * MANY}),
    ("GenerateBatchInput", {"pictures": {"items": [{"prompt": "abc"}] * 100_000}}),
    ("GenerateBatchInput", {"tags": [""] * 1000}),
)
MORE_LISTS: tuple[tuple[str, dict[str, Any]], ...] = (
    *LISTS,
    ("generate", {"tags": [1] * MANY}),
    ("generate", {"model": "x" * 8_000_000}),
    ("batch/generate", {"negative_prompt": "x" * 6_000_000}),
    ("batch/generate", {"metadata": {"a": [1] * 1_000_000}}),
    ("batch/generate", {"source_image_ids": ["x"] * MANY}),
    ("GenerateImageInput", {"tags": [""] * 50_000}),
    ("GenerateImageInput", {"sourceImageIds": ["x"] * 50_000}),
    ("GenerateBatchInput", {"pictures": {"prompts": ["abc"] * MANY}}),
    ("UpdateImageInput", {"id": "img_x", "tags": [""] * MANY}),
    ("ImageFilter", {"models": ["x"] * MANY}),
    ("BatchFilter", {"status": ["QUEUED"] * 100_000}),
)
TAKEN_BY = {
    "GenerateImageInput": "mutation($a: %s!) {generateImage(input: $a) {userErrors {path}}}",
    "GenerateBatchInput": "mutation($a: %s!) {generateBatch(input: $a) {userErrors {path}}}",
    "UpdateImageInput": "mutation($a: %s!) {updateImage(input: $a) {userErrors {path}}}",
    "ImageFilter": "query($a: %s!) {images(filter: $a) {totalCount}}",
    "BatchFilter": "query($a: %s!) {batches(filter: $a) {totalCount}}",
}


def try_list(target: Target, where: str, given: dict[str, Any], key: str | None) -> None:
    is_rest = where not in TAKEN_BY
    if "atch/" in where or where == "GenerateBatchInput":
        prompts = {"prompts": ["abc"] * 2000}
        given = {"model": FLUX} | (prompts if is_rest else {"pictures": prompts}) | given
    elif "enerate" in where:
        given = {"model": FLUX, "prompt": "abc"} | given
    path, sent = f"/api/{where}", given
    headers = {"authorization": f"Bearer {target.keys[1]}"}
    if not is_rest:
        idempotent = {"idempotencyKey": key} if key and "Generate" in where else {}
        query = TAKEN_BY[where] % where
        path, sent = "/graphql", {"query": query, "variables": {"a": {**given, **idempotent}}}
    elif key:
        headers["idempotency-key"] = key

    async def ask() -> Any:
        return await target.app.client.post(path, json=sent, headers=headers)

    began = time.process_time()
    response = in_bounds(target, ask)
    assert time.process_time() - began < MAX_SECONDS_OF_LISTS
    assert len(response.content) < MAX_BYTES_OF_ERRORS


def tried(number: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """So many examples; the fixture is one server for all of them."""
    return settings(
        max_examples=number,
        suppress_health_check=(
            HealthCheck.too_slow,
            HealthCheck.data_too_large,
            HealthCheck.function_scoped_fixture,
        ),
    )


documents = given(
    document=DOCUMENTS,
    key=st.integers(0, 4),
    seed=st.integers(0, 2**16),
    variables=st.just({}) | ANY_JSON,
    is_get=st.booleans(),
)
requests = given(
    method=st.sampled_from(["GET", "POST", "POST", "PUT", "HEAD", "OPTIONS", "DELETE", "X"]),
    path=PATHS,
    headers=HEADERS,
    body=BODIES,
    key=st.integers(0, 4),
)
messages = given(messages=MESSAGES, key=st.integers(0, 4))
uploads = given(data=UPLOADS, name=FILE_NAMES, places=PLACES)


@tried(25)
@documents
def test_documents(target: Target, **example: Any) -> None:
    try_document(target, **example)


@tried(60)
@requests
def test_requests(target: Target, **example: Any) -> None:
    try_request(target, **example)


@tried(30)
@messages
def test_messages(target: Target, **example: Any) -> None:
    try_messages(target, **example)


@tried(20)
@uploads
def test_uploads(target: Target, **example: Any) -> None:
    try_upload(target, **example)


@pytest.mark.parametrize(("where", "given"), LISTS)
def test_the_work_and_the_answer_are_bounded_however_long_a_list_is(
    target: Target, where: str, given: dict[str, Any]
) -> None:
    try_list(target, where, given, None)


@pytest.mark.survival
@pytest.mark.parametrize("key", [None, "k"])
@pytest.mark.parametrize(("where", "given"), MORE_LISTS)
def test_so_they_are_for_every_list_with_an_idempotency_key_or_without(
    target: Target, where: str, given: dict[str, Any], key: str | None
) -> None:
    try_list(target, where, given, key)


@pytest.mark.survival
@pytest.mark.timeout(3600)
@tried(5_000)
@documents
def test_thousands_of_documents(target: Target, **example: Any) -> None:
    try_document(target, **example)


@pytest.mark.survival
@pytest.mark.timeout(3600)
@tried(5_000)
@requests
def test_thousands_of_requests(target: Target, **example: Any) -> None:
    try_request(target, **example)


@pytest.mark.survival
@pytest.mark.timeout(3600)
@tried(2_000)
@messages
def test_thousands_of_conversations(target: Target, **example: Any) -> None:
    try_messages(target, **example)


@pytest.mark.survival
@pytest.mark.timeout(3600)
@tried(2_000)
@uploads
def test_thousands_of_uploads(target: Target, **example: Any) -> None:
    try_upload(target, **example)
