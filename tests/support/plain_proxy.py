"""A reverse proxy that knows no WebSockets, and does as careless ones do with event streams."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

_CHUNK = 65_536


class PlainProxy:
    """Passes requests on without their ``Upgrade``, one a connection.

    Attributes:
        url: Where it listens.
        refusal: The status that it answers to a WebSocket's handshake; None: it asks the server.
        buffers: Whether it holds an event stream back until its end.
        cuts_after: How many bytes of an event stream it lets through; None: all.
        passes_an_event: Whether the first whole event passes, however long it is.
        streams: How many event streams were asked for.
    """

    def __init__(self, server_url: str) -> None:
        self.url = ""
        self.refusal: int | None = None
        self.buffers = False
        self.cuts_after: int | None = None
        self.passes_an_event = False
        self.streams = 0
        self._port = urlsplit(server_url).port
        self._serving: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        task = asyncio.current_task()
        assert task is not None
        self._serving.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await self._pass_on(reader, writer)
        finally:
            self._serving.discard(task)
            writer.close()

    async def end(self) -> None:
        """Break all connections off."""
        for task in list(self._serving):
            task.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        if self.refusal is not None and b"\r\nUpgrade: websocket" in head:
            writer.write(b"HTTP/1.1 %d Refused\r\nContent-Length: 0\r\n\r\n" % self.refusal)
            return
        kept = [one for one in lines if not one.lower().startswith((b"upgrade:", b"connection:"))]
        kept.insert(1, b"Connection: close")
        is_stream = b"accept: text/event-stream" in head.lower()
        self.streams += is_stream
        server, to_server = await asyncio.open_connection("127.0.0.1", self._port)
        try:
            to_server.write(b"\r\n".join(kept))
            sending = asyncio.create_task(_carry(reader, to_server))
            if is_stream:
                answering = asyncio.create_task(self._carry_stream(server, writer))
            else:
                answering = asyncio.create_task(_carry(server, writer))
            try:
                # The client's end comes when it hangs up: then nobody waits for the answer.
                await asyncio.wait({sending, answering}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (sending, answering):
                    task.cancel()
                await asyncio.gather(sending, answering, return_exceptions=True)
        finally:
            to_server.transport.abort()

    async def _carry_stream(
        self, server: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if self.buffers:
            writer.write(await server.read())
            await writer.drain()
        elif self.cuts_after is not None:
            if self.passes_an_event:
                event = b""
                while b"data:" not in event:
                    event = await server.readuntil(b"\n\n")
                    writer.write(event)
            left = self.cuts_after
            while left and (data := await server.read(left)):
                writer.write(data)
                await writer.drain()
                left -= len(data)
        else:
            await _carry(server, writer)


@asynccontextmanager
async def running_plain_proxy(server_url: str) -> AsyncIterator[PlainProxy]:
    """Run a proxy until the block ends."""
    proxy = PlainProxy(server_url)
    listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield proxy
    finally:
        listener.close()
        await proxy.end()
        await listener.wait_closed()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
