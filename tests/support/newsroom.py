"""A small application on the GraphQL engine, whose subscriptions share their events."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import strawberry
import uvicorn
from graphql import GraphQLError
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import Route, WebSocketRoute

from gql_server.graphql.broadcasts.events import SharedEvents
from gql_server.graphql.execution.context import OpenContext
from gql_server.graphql.execution.executor import PlainFieldExecutor
from gql_server.graphql.execution.limits import Limits
from gql_server.graphql.execution.schema import Schema
from gql_server.graphql.execution.weights import list_size
from gql_server.graphql.server.options import ViewOptions
from gql_server.graphql.server.view import GraphQLView
from gql_server.progress.progress import Progress
from gql_server.progress.snapshots import Snapshot, Update
from gql_server.web.websocket_protocol import bounded_websockets
from tests.support.in_loop import listening, served

PAGE = 10
"""How many items an update has at most."""


class Newsroom:
    """A topic with numbered items, and a count of what was executed.

    Attributes:
        count: How many items there are.
        is_over: Whether there will be no more.
        filler: What each item has beside its number.
        executed: The callers whose contexts the updates were executed with.
        allowances: How many objects callers may still get, by name; others as many as they like.
        failures: What the next reads raise.
    """

    def __init__(self) -> None:
        self.url = ""
        self.progress = Progress()
        self.count = 0
        self.is_over = False
        self.filler = ""
        self.executed: list[str] = []
        self.allowances: dict[str, int] = {}
        self.failures: list[Exception] = []
        self.schema = Schema(
            Limits(),
            query=Query,
            subscription=Subscription,
            execution_context_class=PlainFieldExecutor,
        )

    def publish(self, count: int = 1, *, is_over: bool = False) -> None:
        """Add items."""
        self.count += count
        self.is_over = is_over
        self.progress.publish("news")

    async def read(self, after: int) -> Snapshot[int, int, int]:
        """Read a page of items."""
        await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop()
        last = min(self.count, after + PAGE) if after < self.count else self.count
        items = [(number, number) for number in range(after + 1, last + 1)]
        has_more = last < self.count
        return Snapshot(last, self.count, items, has_more=has_more, is_finished=self.is_over)

    async def watched_by(self, watchers: int) -> None:
        """Wait until so many watch."""
        async with asyncio.timeout(15):
            while self.progress.watchers != watchers:
                await asyncio.sleep(0.005)


class Reader(OpenContext):
    """A caller with a name, which their answers may depend on."""

    def __init__(self, room: Newsroom, name: str) -> None:
        super().__init__()
        self.room = room
        self._name = name

    @property
    def name(self) -> str:
        """The name of a header, or of a WebSocket's ``connection_init``."""
        return str(self.connection_params.get("name", self._name))

    @property
    def rights(self) -> Hashable:
        """Readers of one name get equal answers."""
        return self.name

    def fresh(self) -> "Reader":
        """Return another of the same name."""
        return Reader(self.room, self.name)

    def spend_at_once(self, cost: int) -> bool:
        """Spend what is left."""
        left = self.room.allowances.get(self.name)
        if left is not None and left < cost:
            return False
        if left is not None:
            self.room.allowances[self.name] = left - cost
        return True

    async def spend(self, cost: int) -> GraphQLError | None:
        """Spend what is left, or refuse."""
        if self.spend_at_once(cost):
            return None
        return GraphQLError("Nothing is left.", extensions={"code": "RATE_LIMITED"})


Info = strawberry.Info[Reader, None]


@strawberry.type
class Item:
    number: int
    filler: str

    @strawberry.field
    async def reader(self, info: Info) -> str:
        return info.context.name

    @strawberry.field
    def page(self, after: int) -> int:
        return self.number - after


@strawberry.type
class Bulletin:
    position: int
    count: int
    items: list[Item] = strawberry.field(metadata=list_size(PAGE))


@strawberry.type
class Query:
    @strawberry.field
    def reader(self, info: Info) -> str:
        return info.context.name


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def news(
        self, info: Info, after: int = 0, topic: str = "news"
    ) -> AsyncIterable[Bulletin]:
        return _shared(info.context, after, topic, _bulletins)

    @strawberry.subscription
    async def items(self, info: Info, after: int = 0) -> AsyncIterable[Item]:
        return _shared(info.context, after, "news", _items)


def _shared(context: Reader, after: int, topic: str, shape: Any) -> SharedEvents[Any, Any]:
    room = context.room
    watch = partial(room.progress.open, topic, room.read, after=after, limit=PAGE)
    return SharedEvents(watch, shape, context, position_argument="after")


async def _bulletins(
    reader: Reader, update: Update[int, int, int]
) -> Sequence[tuple[int, Bulletin]]:
    reader.room.executed.append(reader.name)
    items = [Item(number=number, filler=reader.room.filler) for number in update.items]
    return [(update.position, Bulletin(position=update.position, count=update.state, items=items))]


async def _items(reader: Reader, update: Update[int, int, int]) -> Sequence[tuple[int, Item]]:
    reader.room.executed.append(reader.name)
    return [(number, Item(number=number, filler=reader.room.filler)) for number in update.items]


@dataclass
class _Contexts:
    room: Newsroom

    def __call__(self, request: HTTPConnection) -> Reader:
        return Reader(self.room, request.headers.get("reader", "anyone"))


@asynccontextmanager
async def running_newsroom(send_seconds: float = 5) -> AsyncIterator[Newsroom]:
    """Serve a newsroom until the end of the block."""
    room = Newsroom()
    options = ViewOptions(send_seconds=send_seconds, operations_at_once=1000)
    view = GraphQLView(room.schema, _Contexts(room), options=options)
    app = Starlette(routes=[Route("/graphql", view), WebSocketRoute("/graphql", view)])
    config = uvicorn.Config(
        app,
        log_config=None,
        lifespan="off",
        ws=bounded_websockets(send_seconds=send_seconds),
        ws_per_message_deflate=False,
    )
    with listening() as (listener, port):
        async with served(config, listener):
            room.url = f"http://127.0.0.1:{port}"
            yield room
