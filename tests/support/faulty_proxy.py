"""An HTTP proxy in front of a server, that spoils the requests it is told to spoil."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.parser import BytesParser
from typing import Final

import httpx

_HOP_BY_HOP: Final = {
    *("accept-encoding", "connection", "keep-alive", "transfer-encoding", "expect")
}


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer with an S3 error, without asking the server."""

    status: int
    code: str


@dataclass(frozen=True, slots=True)
class Hang:
    """Never answer."""


@dataclass(frozen=True, slots=True)
class Drop:
    """Close the connection, without asking the server."""


@dataclass(frozen=True, slots=True)
class LoseAnswer:
    """Ask the server, and close the connection instead of passing on its answer."""


@dataclass(frozen=True, slots=True)
class CutAnswer:
    """Ask the server, and close the connection in the middle of its answer's body."""


@dataclass(frozen=True, slots=True)
class PassOn:
    """Do as a proxy should, keeping the connection open."""


Fault = Answer | Hang | Drop | LoseAnswer | CutAnswer | PassOn


class Hold:
    """Holds the writes of pictures at one moment, until they are released.

    Attributes:
        is_written: Whether the server has them by then, and only its answer is held.
        reached: Set when one is held.
        released: Set it to let all go on.
    """

    def __init__(self, *, is_written: bool) -> None:
        self.is_written: Final = is_written
        self.reached: Final = asyncio.Event()
        self.released: Final = asyncio.Event()

    async def pass_by(self, request: "_Request", *, is_written: bool) -> None:
        """Hold a request that came to this moment."""
        if is_written == self.is_written and request.method == "PUT" and "/gen" in request.target:
            self.reached.set()
            await self.released.wait()


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class FaultyProxy:
    """Spoils each request by the fault that is next in line; passes on when none is left.

    Attributes:
        url: Where it listens.
        seen: The methods of the requests that came, in their order.
        headers: Their headers.
        hold: What holds writes of pictures, if anything.
        may_write: Whether what writes is passed on; otherwise it is refused, as for keys that
            may only read.
    """

    def __init__(self, server: httpx.AsyncClient) -> None:
        self.url = ""
        self.seen: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.hold: Hold | None = None
        self.may_write = True
        self._server = server
        self._faults: deque[Fault] = deque()
        self._connections: dict[asyncio.StreamWriter, asyncio.Event] = {}
        self._is_ended = asyncio.Event()

    def spoil(self, *faults: Fault) -> None:
        """Add faults to the line."""
        self._faults.extend(faults)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self._connections[writer] = is_served = asyncio.Event()
        try:
            while await self._serve_request(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client went away, or the proxy ended
        finally:
            writer.close()
            is_served.set()

    async def hang_up(self) -> None:
        """End all connections."""
        self._is_ended.set()
        for writer, is_served in list(self._connections.items()):
            writer.transport.abort()
            await is_served.wait()

    async def _serve_request(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        request = await _read(reader, writer)
        self.seen.append(request.method)
        self.headers.append(request.headers)
        fault = self._faults.popleft() if self._faults else PassOn()
        if not self.may_write and request.method in {"PUT", "POST", "DELETE"}:
            fault = Answer(403, "AccessDenied")
        match fault:
            case Hang():
                await self._is_ended.wait()
                return False
            case Drop():
                return False
            case Answer(status, code):
                body = f"<Error><Code>{code}</Code><Message>Told to.</Message></Error>".encode()
                headers = [("Content-Type", "application/xml")]
                _write(writer, status, headers, b"" if request.method == "HEAD" else body)
                return True
        if self.hold is not None:
            await self.hold.pass_by(request, is_written=False)
        answer = await self._server.request(
            request.method, request.target, headers=request.headers, content=request.body
        )
        if self.hold is not None:
            await self.hold.pass_by(request, is_written=True)
        if isinstance(fault, LoseAnswer):
            return False
        is_cut = isinstance(fault, CutAnswer)
        body = answer.content[: len(answer.content) // 2] if is_cut else answer.content
        _write(writer, answer.status_code, answer.headers.multi_items(), body)
        await writer.drain()
        return not is_cut


@asynccontextmanager
async def running_proxy(server_url: str) -> AsyncIterator[FaultyProxy]:
    """Run a proxy until the block ends."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=server_url, limits=limits, timeout=30) as server:
        proxy = FaultyProxy(server)
        listener = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        proxy.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        try:
            yield proxy
        finally:
            listener.close()
            await proxy.hang_up()
            await listener.wait_closed()


async def _read(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> _Request:
    first_line = (await reader.readline()).decode()
    if not first_line:
        raise asyncio.IncompleteReadError(b"", None)
    method, target, _ = first_line.split()
    head = BytesParser().parsebytes(await reader.readuntil(b"\r\n\r\n"))
    if head.get("Expect") == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await reader.readexactly(int(head.get("Content-Length", "0")))
    headers = {name: text for name, text in head.items() if name.lower() not in _HOP_BY_HOP}
    headers["Accept-Encoding"] = "identity"  # it passes on what it reads
    return _Request(method, target, headers, body)


def _write(
    writer: asyncio.StreamWriter, status: int, headers: Iterable[tuple[str, str]], body: bytes
) -> None:
    kept = {name.lower(): text for name, text in headers if name.lower() not in _HOP_BY_HOP}
    kept.setdefault("content-length", str(len(body)))
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {text}" for name, text in kept.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)
