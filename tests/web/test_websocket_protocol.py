"""What frames can do to the server: sent over a socket, measured at its process."""

import asyncio
import json
from pathlib import Path

import pytest

from tests.attacks.websockets import (
    CLOSE,
    PING,
    TEXT,
    attack_inflating_frames,
    attack_tiny_frames,
    attack_unread_pings,
    close_code,
    frame,
    raw_socket,
)
from tests.support.probe import probed
from tests.support.process import server_process
from tests.support.running_app import RunningApp
from tests.support.subscriber import open_socket, subscriber
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

INIT = b'{"type": "connection_init"}'


@pytest.mark.parametrize(
    "attack", [attack_inflating_frames, attack_unread_pings, attack_tiny_frames]
)
async def test_frames_of_strangers_cost_little(tmp_path: Path, attack: object) -> None:
    assert callable(attack)
    async with server_process(tmp_path, {}) as server:
        async with probed(server) as probe:
            await attack(server.url, {})
        figures = (probe.growth, probe.cpu_used, probe.worst)
        assert probe.growth < 40, figures
        assert probe.cpu_used < 3, figures
        assert probe.worst < 0.3, figures


async def test_no_compression_is_agreed_on(app: RunningApp) -> None:
    async with raw_socket(app.settings.server_url, deflate=True) as (_, _, head):
        assert "101 Switching Protocols" in head
        assert "permessage-deflate" not in head.lower()


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(TEXT, b" " * 17_000), 1009),
        (frame(TEXT, b'{"type": "ping"}') * 9, 1008),
        (frame(PING, b"") * 101, 1008),
        (frame(TEXT, b"", fin=False) + frame(0, b"", fin=False) * 1100, 1009),
    ],
)
async def test_before_it_is_acknowledged_a_socket_takes_little(
    app: RunningApp, sent: bytes, code: int
) -> None:
    async with raw_socket(app.settings.server_url) as (reader, writer, _):
        writer.write(sent)
        async with asyncio.timeout(WAIT_SECONDS):
            assert await close_code(reader) == code


async def test_an_acknowledged_socket_takes_large_messages(app: RunningApp) -> None:
    async with subscriber(app.settings.server_url) as client:
        await client.subscribe("query($x: ID!) { node(id: $x) { id } }", x="y" * 100_000)
        assert await client.next() == {"node": None}


async def test_a_message_may_come_in_fragments_with_pings_between(app: RunningApp) -> None:
    async with raw_socket(app.settings.server_url) as (reader, writer, _):
        pieces = [INIT[at : at + 1] for at in range(len(INIT))]
        for number, piece in enumerate(pieces):
            writer.write(
                frame(TEXT if number == 0 else 0, piece, fin=number == len(pieces) - 1)
                + frame(PING, b"?")
            )
        async with asyncio.timeout(WAIT_SECONDS):
            assert b"connection_ack" in await reader.readuntil(b"connection_ack")
        writer.write(frame(CLOSE, b"\x03\xe8"))
        async with asyncio.timeout(WAIT_SECONDS):
            assert await close_code(reader) == 1000


@pytest.mark.parametrize("message", [{"payload": None}, {}, {"payload": {}}])
async def test_a_payload_may_be_null(app: RunningApp, message: dict[str, object]) -> None:
    async with open_socket(app.settings.server_url) as client:
        await client.socket.send(json.dumps({"type": "connection_init", **message}))
        assert await client.receive() == {"type": "connection_ack"}
