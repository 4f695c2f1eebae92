"""graphql-transport-ws, message by message."""

import asyncio
import json
import socket
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import structlog
from websockets.exceptions import InvalidStatus

from tests.support.running_app import RunningApp, running_app
from tests.support.streams import EVENTS, PARTS
from tests.support.subscriber import open_socket, subscriber
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

CREATED = "subscription($after: ID) { imageCreated(after: $after) { id } }"


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_socket_carries_every_kind_of_operation(app: RunningApp) -> None:
    async with subscriber(app.settings.server_url) as client:
        await client.subscribe(CREATED, "watch")
        await until(lambda: app.services.progress.watchers == 1)
        image = await app.image()
        assert await client.next("watch") == {"imageCreated": {"id": image["id"]}}
        await client.subscribe("{ models { id } }", "query")
        assert (await client.next("query"))["models"]
        assert await client.receive() == {"id": "query", "type": "complete"}


async def test_unsubscribing_and_leaving_end_the_watching(app: RunningApp) -> None:
    progress = app.services.progress
    async with subscriber(app.settings.server_url) as client:
        for name in ("one", "two"):
            await client.subscribe(CREATED, name)
        await until(lambda: progress.watchers == 2)
        await client.send(type="complete", id="one")
        await until(lambda: progress.watchers == 1)
        image = await app.image()
        assert await client.next("two") == {"imageCreated": {"id": image["id"]}}
    await until(lambda: progress.watchers == progress.topics == 0)


INVALID_OPERATIONS: list[tuple[str, dict[str, Any], str]] = [
    (CREATED, {"after": "img_unknown"}, 'There is no image "img_unknown".'),
    (
        "subscription { imageCreated(filter: {tags: [%s]}) { id } }"
        % ", ".join(f'"{number}"' for number in range(50)),
        {},
        "at most 20 are allowed",
    ),
    ("subscription { nothing }", {}, "Cannot query field"),
    ("subscription { imageCreated(" + "x" * 200, {}, "Syntax Error"),
    ("fragment Only on Image { id }", {}, "is never used"),
    ("query A { __typename } query B { __typename }", {}, "operation"),
    ("", {}, ""),
]


async def test_an_invalid_operation_is_an_error_and_the_socket_stays(app: RunningApp) -> None:
    async with subscriber(app.settings.server_url) as client:
        for query, variables, message in INVALID_OPERATIONS:
            await client.subscribe(query, **variables)
            answer = await client.receive()
            assert (answer["type"], answer["id"]) == ("error", "1"), answer
            (error,) = answer["payload"]
            assert error["extensions"]["code"] == "BAD_REQUEST"
            assert message in error["message"]
        await client.settled()


BREACHES: list[tuple[Sequence[str | bytes], int]] = [
    (['{"type": "subscribe", "id": "1", "payload": {"query": "{ __typename }"}}'], 4401),
    (['{"type": "connection_init"}', '{"type": "connection_init"}'], 4429),
    (['{"type": "connection_init", "payload": 3}'], 4400),
    (["no json"], 4400),
    (["3"], 4400),
    (['"text"'], 4400),
    (["[" * 5000], 4400),
    ([b"\x00"], 4400),
    (['{"type": "%s"}' % ("x" * 500)], 4400),
    (['{"type": {}}'], 4400),
    (['{"type": "connection_init"}', '{"type": "subscribe", "id": "1"}'], 4400),
    (
        [
            '{"type": "connection_init"}',
            '{"type": "subscribe", "id": [], "payload": {"query": "{ __typename }"}}',
        ],
        4400,
    ),
    (['{"type": "connection_init"}', '{"type": "complete", "id": {}}'], 4400),
    (
        ['{"type": "connection_init"}']
        + [
            '{"type": "subscribe", "id": "%s", "payload": {"query": '
            '"subscription { imageCreated { id } }"}}' % ("x" * 500)
        ]
        * 2,
        4409,
    ),
]


async def test_a_breach_of_the_protocol_closes_the_socket(app: RunningApp) -> None:
    with structlog.testing.capture_logs() as logged:
        for messages, code in BREACHES:
            async with open_socket(app.settings.server_url) as client:
                for message in messages:
                    await client.socket.send(message)
                assert await client.closed() == code, messages
        await until(lambda: app.services.progress.watchers == 0)
    assert logged == []


async def test_the_bounds_are_settings(tmp_path: Path) -> None:
    settings = {"subscription_init_timeout": 0.1, "subscriptions_per_connection": 2}
    async with running_app(tmp_path, settings) as app:
        async with open_socket(app.settings.server_url) as client:
            assert await client.closed() == 4408
        async with subscriber(app.settings.server_url) as client:
            for name in ("one", "two", "three"):
                await client.subscribe(CREATED, name)
            answer = await client.receive()
            assert (answer["type"], answer["id"]) == ("error", "three")
            assert answer["payload"][0]["extensions"] == {
                "code": "TOO_MANY_SUBSCRIPTIONS",
                "limit": 2,
            }


async def test_a_users_subscriptions_are_counted_over_all_their_connections(
    tmp_path: Path,
) -> None:
    async with running_app(tmp_path, {"subscriptions_per_user": 2}) as app:
        url, progress = app.settings.server_url, app.services.progress
        async with subscriber(url) as one, subscriber(url) as other:
            for client in (one, other):
                await client.subscribe(CREATED)
            await until(lambda: progress.watchers == 2)
            await other.subscribe(CREATED, "more")
            refused = await other.receive()
            assert (refused["type"], refused["id"]) == ("error", "more")
            extensions = {"code": "TOO_MANY_SUBSCRIPTIONS", "limit": 2}
            assert refused["payload"][0]["extensions"] == extensions
            stream = await app.client.post(
                "/graphql", json={"query": CREATED}, headers={"accept": "text/event-stream"}
            )
            assert "TOO_MANY_SUBSCRIPTIONS" in stream.text
            await other.subscribe("{ models { id } }", "query")
            assert (await other.next("query"))["models"]
            await other.receive()
            await one.send(type="complete", id="1")
            await until(lambda: progress.watchers == 1)
            await other.subscribe(CREATED, "again")
            await until(lambda: progress.watchers == 2)


async def test_a_user_and_an_address_have_so_many_sockets_and_no_more(tmp_path: Path) -> None:
    limits = {"websockets_per_user": 2, "websockets_per_address": 4}
    async with running_app(tmp_path, limits) as app:
        url = app.settings.server_url
        async with subscriber(url), open_socket(url) as third, open_socket(url):
            async with subscriber(url):
                await third.send(type="connection_init", payload={})
                assert await third.closed() == 4429
                assert third.socket.close_reason == "Too many WebSockets of this user"
                async with open_socket(url):
                    with pytest.raises(InvalidStatus) as refused:
                        async with open_socket(url):
                            pass
            answer = refused.value.response
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "10")
            assert b"TOO_MANY_CONNECTIONS" in answer.body
            async with subscriber(url) as again:  # of the user there is one, of the address two
                await again.settled()


async def test_other_protocols_and_other_origins_are_refused(app: RunningApp) -> None:
    url = app.settings.server_url
    async with open_socket(url, subprotocols=["graphql-ws"]) as client:
        assert await client.closed() == 4406
    with pytest.raises(InvalidStatus):
        async with open_socket(url, origin="https://elsewhere.test"):
            pass
    async with subscriber(url, origin=url) as client:
        await client.settled()


async def test_one_who_takes_no_data_is_dropped(tmp_path: Path) -> None:
    settings = {
        "subscription_send_timeout": 0.3,
        "max_query_aliases": 1000,
        "max_query_repeats": 1000,
    }
    async with running_app(tmp_path, settings) as app:
        await app.image(prompt="A fox " * 300)
        url = app.settings.server_url
        aliases = " ".join(f"p{number}: prompt" for number in range(1000))
        with structlog.testing.capture_logs() as logged:
            async with subscriber(url, max_queue=1, max_size=None) as client:
                await client.subscribe(CREATED, "watch")
                await until(lambda: app.services.progress.watchers == 1)
                for number in range(20):
                    query = "{ images { edges { node { %s } } } }" % aliases
                    await client.subscribe(query, str(number))
                await until(lambda: app.services.progress.watchers == 0)
                client.socket.transport.abort()
    dropped = {"websocket_dropped", "connection_dropped"}  # whichever notices first
    assert dropped & {entry["event"] for entry in logged}
    assert not [entry for entry in logged if entry["log_level"] == "error"]


async def test_neither_may_one_of_a_stream_over_http(tmp_path: Path) -> None:
    settings = {
        "subscription_send_timeout": 0.3,
        "max_query_aliases": 1000,
        "max_query_repeats": 1000,
    }
    aliases = " ".join(f"p{number}: prompt" for number in range(1000))
    query = json.dumps({"query": "subscription { imageCreated { %s } }" % aliases})
    async with running_app(tmp_path, settings) as app:
        progress = app.services.progress
        with ExitStack() as stack, structlog.testing.capture_logs() as logged:
            for accept in (EVENTS, PARTS):
                client = stack.enter_context(socket.socket())
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.connect(("127.0.0.1", app.settings.port))
                head = (
                    f"POST /graphql HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n"
                    f"Content-Type: application/json\r\nContent-Length: {len(query)}\r\n\r\n"
                )
                client.sendall((head + query).encode())
            await until(lambda: progress.watchers == 2)
            while progress.watchers:
                await app.image(prompt="A fox " * 300)
    assert [entry["event"] for entry in logged] == ["connection_dropped"] * 2
