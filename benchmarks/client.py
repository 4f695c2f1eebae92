"""A client so light that the servers are what is measured: one connection, one request at a time.

It speaks as much HTTP/1.1 as the servers here answer with: a status, a Content-Length, a body.
"""

import asyncio
from typing import Any, Self

import orjson


class Connection:
    """A kept-alive connection to a server on loopback."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def to(cls, port: int) -> Self:
        """Connect."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4 * 2**20)
        return cls(reader, writer)

    async def post(self, request: bytes) -> bytes:
        """Send what ``post_request`` wrote; return the body of the answer.

        Raises:
            RuntimeError: The answer is no success.
        """
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
        body = await self._reader.readexactly(length)
        if not head.startswith(b"HTTP/1.1 200 "):
            raise RuntimeError(f"the server answered: {(head + body)[:500]!r}")
        return body

    def close(self) -> None:
        """Close it."""
        self._writer.close()


def post_request(path: str, document: object) -> bytes:
    """Write a POST of a JSON document."""
    body = orjson.dumps(document)
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        f"Accept: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def graphql_request(query: str, variables: dict[str, Any] | None = None) -> bytes:
    """Write a GraphQL request."""
    return post_request("/graphql", {"query": query, "variables": variables or {}})


def graphql_data(body: bytes) -> dict[str, Any]:
    """Read a GraphQL answer.

    Raises:
        RuntimeError: It has errors.
    """
    answer: dict[str, Any] = orjson.loads(body)
    if answer.get("errors"):
        raise RuntimeError(f"the server answered: {answer['errors']}")
    data: dict[str, Any] = answer["data"]
    return data
