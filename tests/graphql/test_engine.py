"""The engine by itself: any Strawberry schema, served over a socket, without the application."""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from hashlib import sha256
from typing import Any

import httpx
import pytest
import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute

from gql_server.graphql.execution.context import OpenContext
from gql_server.graphql.execution.executor import PlainFieldExecutor
from gql_server.graphql.execution.limits import Limits
from gql_server.graphql.execution.schema import Schema
from gql_server.graphql.execution.weights import list_size
from gql_server.graphql.server.options import ViewOptions
from gql_server.graphql.server.playground import Playground
from gql_server.graphql.server.view import GraphQLView
from gql_server.web.websocket_protocol import bounded_websockets
from tests.support.in_loop import listening, served
from tests.support.subscriber import subscriber

pytestmark = pytest.mark.anyio


@strawberry.type
class Shelf:
    name: str
    books: list["Book"] = strawberry.field(metadata=list_size(10))


@strawberry.type
class Book:
    title: str
    pages: int


class Library(OpenContext):
    """The callers' context: the shelves, and a caller whose name the connection may give."""

    shelves: dict[str, Shelf] = {}  # noqa: RUF012 - one for the whole server

    @property
    def caller(self) -> str:
        return str(self.connection_params.get("name", "nobody"))

    def fresh(self) -> "Library":
        found = Library()
        found.connection_params = self.connection_params
        return found


Info = strawberry.Info[Library, None]


@strawberry.type
class Query:
    @strawberry.field
    async def shelf(self, info: Info, name: str) -> Shelf | None:
        return info.context.shelves.get(name)

    @strawberry.field
    def broken(self) -> str | None:
        raise RuntimeError("a secret")

    @strawberry.field
    def caller(self, info: Info) -> str:
        return info.context.caller


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def add_book(self, info: Info, shelf: str, title: str, pages: int) -> Shelf:
        found = info.context.shelves.setdefault(shelf, Shelf(name=shelf, books=[]))
        found.books.append(Book(title=title, pages=pages))
        return found


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def pages(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number
            await asyncio.sleep(0)


def _app() -> Starlette:
    schema = Schema(
        Limits(depth=4, cost=100),
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        execution_context_class=PlainFieldExecutor,
    )
    page = Playground("<title>Library</title>", "default-src 'none'; img-src 'self'")
    options = ViewOptions(playground=page)
    view = GraphQLView(schema, lambda _: Library(), options=options)
    return Starlette(routes=[Route("/graphql", view), WebSocketRoute("/graphql", view)])


@pytest.fixture(scope="module")
async def url() -> AsyncIterator[str]:
    ws = bounded_websockets(send_seconds=5)
    config = uvicorn.Config(_app(), log_config=None, lifespan="off", ws=ws)
    with listening() as (listener, port):
        async with served(config, listener):
            yield f"http://127.0.0.1:{port}"


@pytest.fixture
async def client(url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=url) as client:
        yield client


async def ask(client: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    response = await client.post("/graphql", json={"query": query, "variables": variables})
    return response.json()


async def test_it_reads_what_it_has_written(client: httpx.AsyncClient) -> None:
    document = """mutation Add($title: String!) {
      addBook(shelf: "sea", title: $title, pages: 635) { name books { title pages } }
    }"""
    added = await ask(client, document, title="Moby-Dick")
    shelf = {"name": "sea", "books": [{"title": "Moby-Dick", "pages": 635}]}
    assert added["data"] == {"addBook": shelf}
    read = await ask(client, '{ shelf(name: "sea") { name books { title pages } } }')
    assert read == {
        "data": {"shelf": shelf},
        "extensions": {"cost": {"estimated": 11, "limit": 100}},
    }


async def test_its_errors_have_codes_and_reveal_no_secret(client: httpx.AsyncClient) -> None:
    failed = await ask(client, "{ broken }")
    assert failed["data"] == {"broken": None}
    assert failed["errors"][0]["extensions"] == {"code": "INTERNAL"}
    assert "secret" not in json.dumps(failed)
    unknown = await ask(client, "{ calle }")
    assert unknown["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}


async def test_its_limits_hold(client: httpx.AsyncClient) -> None:
    deep = await ask(client, "{ __schema { types { fields { type { name } } } } }")
    assert deep["errors"][0]["extensions"] == {"code": "QUERY_TOO_DEEP", "limit": 4}
    fields = " ".join(f's{number}: shelf(name: "x") {{ name }}' for number in range(101))
    many = await ask(client, f"{{ {fields} }}")
    assert many["errors"][0]["extensions"]["code"] == "TOO_MANY_ALIASES"
    books = " ".join(f's{number}: shelf(name: "x") {{ books {{ pages }} }}' for number in range(10))
    dear = await ask(client, f"{{ {books} }}")
    assert dear["errors"][0]["extensions"] == {"code": "QUERY_TOO_COMPLEX", "limit": 100}


async def test_a_document_is_sent_once(client: httpx.AsyncClient) -> None:
    name = sha256(b"{ caller }").hexdigest()
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": name}}
    missed = await client.post("/graphql", json={"extensions": extensions})
    assert missed.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    for query in ({"query": "{ caller }"}, {}):
        found = await client.post("/graphql", json={"extensions": extensions, **query})
        assert found.json()["data"] == {"caller": "nobody"}


async def test_a_subscription_over_a_websocket(url: str) -> None:
    async with subscriber(url) as socket:
        await socket.subscribe("subscription { pages(to: 3) }")
        assert [await socket.next() for _ in range(3)] == [{"pages": page} for page in range(3)]
        assert await socket.receive() == {"id": "1", "type": "complete"}
        await socket.subscribe("{ caller }", "2")
        assert await socket.next("2") == {"caller": "nobody"}


async def test_a_subscription_as_events(client: httpx.AsyncClient) -> None:
    body = {"query": "subscription { pages(to: 2) }"}
    response = await client.post("/graphql", json=body, headers={"accept": "text/event-stream"})
    data = [line for line in response.text.splitlines() if line.startswith("data: {")]
    assert [json.loads(line[6:])["data"] for line in data] == [{"pages": 0}, {"pages": 1}]
    assert "event: complete" in response.text


async def test_its_playground_is_the_applications(client: httpx.AsyncClient) -> None:
    page = await client.get("/graphql", headers={"accept": "text/html"})
    assert page.text == "<title>Library</title>"
    assert page.headers["content-security-policy"] == "default-src 'none'; img-src 'self'"
