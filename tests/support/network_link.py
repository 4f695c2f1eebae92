"""A network link between a process and its PostgreSQL that a test can cut and restore."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from sqlalchemy.engine import make_url

_CHUNK: Final = 65_536


class NetworkLink:
    """Forwards what is sent, and holds it back while the link is cut; neither side notices.

    Attributes:
        database_url: The value of DATABASE_URL for a process at its other end.
    """

    def __init__(self, database_url: str) -> None:
        self.database_url = database_url
        self._url = make_url(database_url)
        self._is_whole = asyncio.Event()
        self._is_whole.set()
        self._carrying: set[asyncio.Task[None]] = set()

    def cut(self) -> None:
        """Stop forwarding."""
        self._is_whole.clear()

    def restore(self) -> None:
        """Forward what was held back, and everything after it."""
        self._is_whole.set()

    @asynccontextmanager
    async def opened(self) -> AsyncIterator["NetworkLink"]:
        """Listen on loopback until the end of the block."""
        listener = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        port = listener.sockets[0].getsockname()[1]
        url = self._url.set(host="127.0.0.1", port=port, query={})
        self.database_url = url.render_as_string(hide_password=False)
        try:
            yield self
        finally:
            listener.close()
            for task in self._carrying:
                task.cancel()
            await asyncio.gather(*self._carrying, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._carrying.add(task)
        folder = self._url.query["host"]
        server, to_server = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._carry(reader, to_server))
                both.create_task(self._carry(server, writer))
        finally:
            self._carrying.discard(task)
            to_server.transport.abort()
            writer.transport.abort()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(_CHUNK):
                await self._is_whole.wait()
                writer.write(data)
                await writer.drain()
        writer.close()
