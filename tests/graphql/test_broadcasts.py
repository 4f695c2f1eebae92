"""Subscribers that share each execution, over sockets: who gets what, and what they share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from tests.support.newsroom import PAGE, Newsroom, running_newsroom
from tests.support.streams import EVENTS, PARTS, Stream, streamed
from tests.support.subscriber import Subscriber, subscriber

pytestmark = pytest.mark.anyio

NEWS = """subscription N($after: Int! = 0) {
  news(after: $after) { position count items { number reader } } }"""


@pytest.fixture
async def room() -> AsyncIterator[Newsroom]:
    async with running_newsroom() as room:
        yield room
    assert room.progress.watchers == room.progress.topics == 0


def numbers(updates: list[dict[str, Any]]) -> list[int]:
    return [item["number"] for update in updates for item in update["items"]]


async def bulletins(client: Subscriber | Stream, until: int, field: str = "news") -> Any:
    """Return the updates up to a position."""
    updates: list[dict[str, Any]] = []
    while not updates or updates[-1]["position"] < until:
        updates.append((await client.next())[field])
    return updates


async def to_the_end(client: Subscriber) -> list[dict[str, Any]]:
    """Return the updates until the server says that there will be no more."""
    updates = []
    while (message := await client.receive())["type"] == "next":
        updates.append(message["payload"]["data"]["news"])
    assert message["type"] == "complete"
    return updates


async def test_one_execution_serves_all_of_every_transport(room: Newsroom) -> None:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(subscriber(room.url)) for _ in range(20)]
        for socket in sockets:
            await socket.subscribe(NEWS)
        streams = [
            await stack.enter_async_context(streamed(room.url, accept, NEWS))
            for accept in (EVENTS, PARTS) * 5
        ]
        await room.watched_by(30)
        clients: list[Subscriber | Stream] = [*sockets, *streams]
        for client in clients:
            assert (await client.next())["news"]["count"] == 0
        room.executed.clear()
        for _ in range(3):
            room.publish(4)
            await asyncio.sleep(0.15)
        seen = await asyncio.gather(*(bulletins(client, 12) for client in clients))
        assert all(numbers(updates) == list(range(1, 13)) for updates in seen)
        assert len(room.executed) < 10  # and not thirty for each update


async def test_those_who_come_at_any_time_with_any_position_get_each_item_once(
    room: Newsroom,
) -> None:
    room.publish(25)
    async with AsyncExitStack() as stack:
        clients: list[tuple[int, Subscriber]] = []
        for number in range(30):
            client = await stack.enter_async_context(subscriber(room.url))
            after = (0, 25, 7, room.count)[number % 4]
            await client.subscribe(NEWS, after=after)
            clients.append((after, client))
            room.publish()
            await asyncio.sleep(0.01)
        await room.watched_by(30)
        room.publish(5, is_over=True)
        for after, client in clients:
            updates = await to_the_end(client)
            assert numbers(updates) == list(range(after + 1, 61))
            assert updates[-1]["count"] == 60
            assert max(len(update["items"]) for update in updates) <= PAGE


async def test_one_who_comes_with_another_position_shares_what_comes_later(
    room: Newsroom,
) -> None:
    room.publish(20)
    async with subscriber(room.url) as early, subscriber(room.url) as late:
        await early.subscribe(NEWS, after=20)
        assert (await early.next())["news"]["items"] == []
        await late.subscribe(NEWS, after=3)
        assert numbers(await bulletins(late, 20)) == list(range(4, 21))
        await asyncio.sleep(0.1)
        room.executed.clear()
        room.publish()
        for client in (early, late):
            assert numbers(await bulletins(client, 21)) == [21]
        assert room.executed == ["anyone"]


async def test_other_documents_and_variables_have_answers_of_their_own(room: Newsroom) -> None:
    room.filler = "more"
    documents = [
        ("news", "subscription { news { position items { number } } }"),
        ("latest", "subscription { latest: news { position items { number } } }"),
        ("news", "subscription { news { position items { number __typename } } }"),
    ]
    switched = """subscription($x: Boolean!) {
      news { position items { number filler @include(if: $x) } } }"""
    async with AsyncExitStack() as stack:
        clients: list[Subscriber] = []
        given: list[dict[str, Any]] = [{}, {}, {}, {"x": True}, {"x": False}]
        for variables in given:
            client = await stack.enter_async_context(subscriber(room.url))
            query = documents[len(clients)][1] if not variables else switched
            await client.subscribe(query, **variables)
            await client.next()
            clients.append(client)
        room.publish()
        answers = [await client.next() for client in clients]
    items = [
        {"number": 1},
        {"number": 1},
        {"number": 1, "__typename": "Item"},
        {"number": 1, "filler": "more"},
        {"number": 1},
    ]
    fields = ("news", "latest", "news", "news", "news")
    assert answers == [
        {field: {"position": 1, "items": [item]}} for field, item in zip(fields, items, strict=True)
    ]


async def test_a_position_that_is_used_for_more_keeps_subscribers_apart(room: Newsroom) -> None:
    query = """subscription($after: Int!) {
      news(after: $after) { position items { number page(after: $after) } } }"""
    room.publish(5)
    async with subscriber(room.url) as one, subscriber(room.url) as other:
        for client, after in ((one, 0), (other, 2)):
            await client.subscribe(query, after=after)
            await bulletins(client, 5)
        room.publish()
        for client, page in ((one, 6), (other, 4)):
            (update,) = await bulletins(client, 6)
            assert update["items"] == [{"number": 6, "page": page}]


async def test_no_answer_reaches_a_caller_of_other_rights(room: Newsroom) -> None:
    async with AsyncExitStack() as stack:
        clients: list[tuple[str, Subscriber | Stream]] = []
        for number in range(12):
            name = ("ann", "bob", "eve")[number % 3]
            if number < 6:
                socket = await stack.enter_async_context(
                    subscriber(room.url, additional_headers={"reader": name})
                )
                await socket.subscribe(NEWS)
                clients.append((name, socket))
            else:
                stream = streamed(room.url, EVENTS, NEWS, headers={"reader": name})
                clients.append((name, await stack.enter_async_context(stream)))
        await room.watched_by(12)
        room.publish(3)
        for name, client in clients:
            updates = await bulletins(client, 3)
            readers = {item["reader"] for update in updates for item in update["items"]}
            assert readers == {name}
        assert set(room.executed) == {"ann", "bob", "eve"}


async def test_one_who_is_slow_holds_up_no_one_and_misses_nothing(room: Newsroom) -> None:
    room.filler = "x" * 50_000
    query = NEWS.replace("number", "number filler")
    async with (
        subscriber(room.url, max_queue=1, max_size=None) as slow,
        subscriber(room.url, max_size=None) as quick,
    ):
        for client in (slow, quick):
            await client.subscribe(query)
            await client.next()
        for _ in range(6):
            room.publish(5)
            updates = await bulletins(quick, room.count)
            assert updates[-1]["position"] == room.count
        room.filler = ""
        room.publish(5, is_over=True)
        assert numbers(await to_the_end(quick)) == list(range(31, 36))
        assert numbers(await to_the_end(slow)) == list(range(1, 36))


async def test_one_who_takes_nothing_is_dropped_and_the_others_continue() -> None:
    async with running_newsroom(send_seconds=0.3) as room:
        room.filler = "x" * 100_000
        query = NEWS.replace("number", "number filler")
        async with (
            subscriber(room.url, max_queue=1, max_size=None) as stuck,
            subscriber(room.url, max_size=None) as quick,
        ):
            for client in (stuck, quick):
                await client.subscribe(query)
                await client.next()
            while room.progress.watchers == 2:
                room.publish(10)
                await bulletins(quick, room.count)
            room.filler = ""
            room.publish(1, is_over=True)
            assert numbers(await to_the_end(quick)) == [room.count]
            stuck.socket.transport.abort()


async def test_nothing_comes_after_an_operation_was_completed(room: Newsroom) -> None:
    async with subscriber(room.url) as client:
        for name in ("one", "two"):
            await client.subscribe(NEWS, name)
            await client.next(name)
        await client.send(type="complete", id="one")
        await room.watched_by(1)
        room.publish(2)
        assert (await client.next("two"))["news"]["position"] == 2
        await client.subscribe(NEWS, "one", after=1)
        assert numbers([(await client.next("one"))["news"]]) == [2]


async def test_each_pays_for_what_they_get_and_ends_when_nothing_is_left(room: Newsroom) -> None:
    room.allowances = {"ann": 8, "bob": 100}  # an update has an object, and one for each item
    async with AsyncExitStack() as stack:
        ann, bob, other = [
            await stack.enter_async_context(
                subscriber(room.url, additional_headers={"reader": name})
            )
            for name in ("ann", "bob", "bob")
        ]
        for client in (ann, bob, other):
            await client.subscribe(NEWS)
            await client.next()
        for _ in range(2):
            room.publish(3)
            for client in (bob, other):
                await bulletins(client, room.count)
        assert numbers(await bulletins(ann, 3)) == [1, 2, 3]
        refused = await ann.receive()
        assert refused["payload"]["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        assert (await ann.receive())["type"] == "complete"
        assert room.allowances == {"ann": 3, "bob": 100 - 2 * (1 + 4 + 4)}


async def test_each_event_of_an_update_is_an_answer_of_its_own(room: Newsroom) -> None:
    room.publish(3)
    query = "subscription($after: Int!) { items(after: $after) { number } }"
    async with AsyncExitStack() as stack:
        clients: list[tuple[int, Any]] = []
        for after in (0, 2, 3):
            client = await stack.enter_async_context(subscriber(room.url))
            await client.subscribe(query, after=after)
            clients.append((after, client))
        stream = await stack.enter_async_context(streamed(room.url, EVENTS, query, after=1))
        await room.watched_by(4)
        room.publish(30)
        for after, client in (*clients, (1, stream)):
            for number in range(after + 1, 34):
                assert (await client.next())["items"]["number"] == number


async def test_an_error_of_the_feed_reaches_all_and_the_next_subscriber_starts_again(
    room: Newsroom,
) -> None:
    async with subscriber(room.url) as one, subscriber(room.url) as other:
        for client in (one, other):
            await client.subscribe(NEWS)
            await client.next()
        room.failures = [LookupError("a secret")]
        room.publish()
        for client in (one, other):
            failed = await client.receive()
            (error,) = failed["payload"]["errors"]
            assert error["extensions"] == {"code": "INTERNAL"}
            assert (await client.receive())["type"] == "complete"
        await one.subscribe(NEWS)
        assert numbers(await bulletins(one, 1)) == [1]
