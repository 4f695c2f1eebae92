"""Watchers of a batch in a process of their own: WebSockets as light as they can be.

It prints ``ready`` once each has had its first message, and a line of JSON once each was completed.
"""

import argparse
import asyncio
import resource
from typing import Final, cast

import orjson
import uvloop

_OPENED_TOGETHER: Final = 50
# Of RFC 6455, 5.2: the first byte of whole frames, and what stands for a length of more bytes.
_TEXT: Final = 0x81
_CLOSE: Final = 0x88
_PING: Final = 0x89
_PONG: Final = 0x8A
_HEAD: Final = 2
_TWO_BYTES: Final = 126
_QUERY: Final = """batchProgress%s { sequence batch { status succeeded total progress }
  finishedItems { index status image { id url } } } }"""


def main() -> None:
    """Watch until the end."""
    parser = argparse.ArgumentParser(description="Watchers of a batch.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--watchers", type=int, required=True)
    parser.add_argument("--batch", help="the batch; without it the peer's only one")
    chosen = parser.parse_args()
    hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
    query = "subscription($id: ID!) { " + _QUERY % "(id: $id)"
    variables: dict[str, object] = {"id": chosen.batch}
    if chosen.batch is None:
        query, variables = "subscription { " + _QUERY % "", {}
    uvloop.run(_watch(chosen.port, chosen.watchers, {"query": query, "variables": variables}))


async def _watch(port: int, count: int, operation: dict[str, object]) -> None:
    loop = asyncio.get_running_loop()
    watchers: list[_Watcher] = []
    while len(watchers) < count:
        several = [_Watcher(operation) for _ in range(min(_OPENED_TOGETHER, count - len(watchers)))]
        for watcher in several:
            await loop.create_connection(lambda made=watcher: made, "127.0.0.1", port)  # type: ignore[misc]  # the default's type
        await asyncio.gather(*(watcher.first for watcher in several))
        watchers.extend(several)
    print("ready", flush=True)
    await asyncio.gather(*(watcher.completed for watcher in watchers))
    items = [watcher.items for watcher in watchers]
    found = {
        "messages": sum(watcher.messages for watcher in watchers),
        "bytes": sum(watcher.bytes for watcher in watchers),
        "items": len(items[0]),
        "each_once": all(len(set(one)) == len(one) == len(items[0]) for one in items),
    }
    print(orjson.dumps(found).decode(), flush=True)


class _Watcher(asyncio.Protocol):
    """One socket with one subscription; its messages count from after the first."""

    def __init__(self, operation: dict[str, object]) -> None:
        loop = asyncio.get_running_loop()
        self.first: asyncio.Future[None] = loop.create_future()
        self.completed: asyncio.Future[None] = loop.create_future()
        self.items: list[int] = []
        self.messages = 0
        self.bytes = 0
        self._operation = operation
        self._unread = b""
        self._is_open = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(
            b"GET /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            b"Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
        )

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if not self._is_open:
            head, end, rest = self._unread.partition(b"\r\n\r\n")
            if not end:
                return
            if b" 101 " not in head:
                raise RuntimeError(f"no WebSocket: {head!r}")
            self._is_open, self._unread = True, rest
            self._send(_TEXT, b'{"type":"connection_init"}')
        while (frame := self._frame()) is not None:
            kind, payload = frame
            if kind == _PING:
                self._send(_PONG, payload)
            elif kind == _TEXT:
                self._message(payload)
            elif kind == _CLOSE:
                raise RuntimeError(f"the server closed a socket: {payload!r}")

    def _message(self, text: bytes) -> None:
        message = orjson.loads(text)
        if message["type"] == "connection_ack":
            payload = {"id": "1", "type": "subscribe", "payload": self._operation}
            self._send(_TEXT, orjson.dumps(payload))
        elif message["type"] == "next":
            update = message["payload"]["data"]["batchProgress"]
            self.items.extend(item["index"] for item in update["finishedItems"])
            if self.first.done():
                self.messages += 1
                self.bytes += len(text)
            else:
                self.first.set_result(None)
        elif message["type"] == "complete":
            self.completed.set_result(None)
        else:
            raise RuntimeError(f"the server sent: {text!r}")

    def _frame(self) -> tuple[int, bytes] | None:
        unread = self._unread
        if len(unread) < _HEAD:
            return None
        length, start = unread[1], _HEAD
        if length >= _TWO_BYTES:
            start = 4 if length == _TWO_BYTES else 10
            if len(unread) < start:
                return None
            length = int.from_bytes(unread[2:start])
        if len(unread) < start + length:
            return None
        self._unread = unread[start + length :]
        return unread[0], unread[start : start + length]

    def _send(self, kind: int, payload: bytes) -> None:
        # Masked with zeros, as clients must mask.
        length = len(payload)
        size = bytes([0x80 | length]) if length < _TWO_BYTES else b"\xfe" + length.to_bytes(2)
        self._transport.write(bytes([kind]) + size + bytes(4) + payload)


if __name__ == "__main__":
    main()
