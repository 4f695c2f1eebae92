"""Subscriptions over HTTP: as text/event-stream, and as Apollo's multipart/mixed."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import strawberry
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.http.streaming import JSONEncoder
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, MULTIPART_SUBSCRIPTION_PROTOCOL

from gql_server.graphql.execution.context import OpenContext
from gql_server.graphql.execution.limits import Limits
from gql_server.graphql.execution.schema import Schema
from gql_server.graphql.server.view import GraphQLView

pytestmark = pytest.mark.anyio

JSON = "application/json"
EVENTS = "text/event-stream"
MULTIPART = (
    f'multipart/mixed;boundary="graphql";subscriptionSpec=1.0,'
    f"application/graphql-response+json,{JSON};q=0.9"
)
COUNT = "subscription C($to: Int!) { count(to: $to) }"


BEATS: list[str] = []
"""The signs of life that were sent."""


@strawberry.type
class Query:
    @strawberry.field
    def hello(self) -> str:
        return "world"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def act(self) -> str:
        return "done"


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number
        if not to:
            raise RuntimeError("a secret")

    @strawberry.subscription
    async def late(self) -> AsyncGenerator[bool, None]:
        while len(BEATS) < 3:
            await asyncio.sleep(0.005)
        yield True


def schema() -> Schema:
    return Schema(Limits(), query=Query, mutation=Mutation, subscription=Subscription)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(GraphQLView(schema(), lambda _: OpenContext())) as client:
        yield client


@asynccontextmanager
async def client_of(view: GraphQLView) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[Route("/graphql", view)])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://streams") as client:
        yield client


async def post(client: httpx.AsyncClient, accept: str, query: str, **variables: Any) -> Any:
    body = {"query": query, "variables": variables}
    return await client.post("/graphql", json=body, headers={"accept": accept})


def events(response: httpx.Response) -> list[tuple[str, Any]]:
    assert response.headers["content-type"] == EVENTS
    found: list[tuple[str, Any]] = []
    assert "\r" not in response.text  # or urql finds no event
    for block in response.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.split("\n") if ": " in line)
        if "event" in lines:
            found.append((lines["event"], json.loads(lines.get("data") or "null")))
    return found


@pytest.mark.parametrize("accept", [EVENTS, f"{JSON}, {EVENTS}", f"{EVENTS}, {JSON};q=0.9"])
async def test_a_subscription_is_a_stream_of_events(client: httpx.AsyncClient, accept: str) -> None:
    response = await post(client, accept, COUNT, to=2)
    assert response.status_code == 200
    assert events(response) == [
        ("next", {"data": {"count": 0}}),
        ("next", {"data": {"count": 1}}),
        ("complete", None),
    ]


async def test_a_subscription_is_a_stream_by_get_too(client: httpx.AsyncClient) -> None:
    parameters = {"query": COUNT, "variables": '{"to": 1}'}
    response = await client.get("/graphql", params=parameters, headers={"accept": EVENTS})
    assert events(response)[0] == ("next", {"data": {"count": 0}})


@pytest.mark.parametrize(
    ("protocol", "seconds"), [(GRAPHQL_SSE_PROTOCOL, 15), (MULTIPART_SUBSCRIPTION_PROTOCOL, 5)]
)
async def test_a_stream_shows_that_it_lives(protocol: str, seconds: float) -> None:
    transport = GraphQLView.stream_transport_classes_by_protocol[protocol]
    assert transport().heartbeat_interval == seconds

    class Lively(transport):  # type: ignore[valid-type, misc]  # whichever it is
        def __init__(self) -> None:
            super().__init__()
            self.heartbeat_interval = 0.01

        def heartbeat_message(self, encode_json: JSONEncoder) -> str:
            BEATS.append(protocol)
            message: str = super().heartbeat_message(encode_json)
            return message

    BEATS.clear()

    class LivelyView(GraphQLView):
        stream_transport_classes_by_protocol = {protocol: Lively}  # noqa: RUF012 - as Strawberry's

    async with client_of(LivelyView(schema(), lambda _: OpenContext())) as client:
        is_events = protocol == GRAPHQL_SSE_PROTOCOL
        accept = EVENTS if is_events else MULTIPART
        text = (await post(client, accept, "subscription { late }")).text
    assert text.count(": ping\n\n" if is_events else "\r\n\r\n{}\r\n--graphql") >= 2
    assert '"late":true' in text


async def test_apollos_multipart_subscription(client: httpx.AsyncClient) -> None:
    response = await post(client, MULTIPART, COUNT, to=2)
    assert response.headers["content-type"].startswith("multipart/mixed;boundary=graphql")
    bodies = [part.partition("\r\n\r\n")[2].strip() for part in response.text.split("--graphql")]
    payloads = [json.loads(body) for body in bodies if body.startswith("{")]
    assert [payload for payload in payloads if payload] == [
        {"payload": {"data": {"count": 0}}},
        {"payload": {"data": {"count": 1}}},
    ]
    assert response.text.endswith("--graphql--\r\n")


@pytest.mark.parametrize("accept", [f"{EVENTS}, {JSON}", MULTIPART])
@pytest.mark.parametrize(
    ("document", "data"), [("{ hello }", {"hello": "world"}), ("mutation { act }", {"act": "done"})]
)
async def test_what_is_no_subscription_is_json_where_the_client_takes_it(
    client: httpx.AsyncClient, accept: str, document: str, data: dict[str, str]
) -> None:
    response = await post(client, accept, document)
    assert response.headers["content-type"].split(";")[0].endswith("json")
    assert response.json()["data"] == data


async def test_who_takes_events_alone_gets_any_answer_as_one(client: httpx.AsyncClient) -> None:
    assert events(await post(client, EVENTS, "{ hello }")) == [
        ("next", {"data": {"hello": "world"}}),
        ("complete", None),
    ]


async def test_a_mutation_does_not_run_by_get_as_a_stream_either(
    client: httpx.AsyncClient,
) -> None:
    response = await client.get(
        "/graphql", params={"query": "mutation { act }"}, headers={"accept": EVENTS}
    )
    assert "done" not in response.text
    assert events(response)[0][1]["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


async def test_a_stream_without_a_document_is_refused(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={}, headers={"accept": EVENTS})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}


async def test_errors_of_a_stream_pass_the_border(client: httpx.AsyncClient) -> None:
    failed = await post(client, EVENTS, COUNT, to=0)
    assert "secret" not in failed.text
    assert events(failed)[0][1]["errors"][0]["extensions"]["code"] == "INTERNAL"
    for document in ("subscription { nothing }", "subscription C($to: Int!) { count(to: $to) }"):
        wrong = await post(client, EVENTS, document)
        assert events(wrong)[0][1]["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
    deep = await post(client, EVENTS, "{ " + "a: hello " * 60 + "}")
    assert "TOO_MANY" in events(deep)[0][1]["errors"][0]["extensions"]["code"]


async def test_a_subscription_without_a_stream_is_answered_with_how_to_subscribe(
    client: httpx.AsyncClient,
) -> None:
    response = await post(client, JSON, COUNT, to=1)
    assert response.status_code == 406
    assert "text/event-stream" in response.json()["errors"][0]["message"]
