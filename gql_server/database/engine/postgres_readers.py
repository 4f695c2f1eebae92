"""Connections to PostgreSQL for reads, without SQLAlchemy's layers above the driver."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

import orjson
import psycopg
from psycopg.types.json import set_json_loads
from sqlalchemy.dialects.postgresql.psycopg import PGDialectAsync_psycopg
from sqlalchemy.engine import URL

from gql_server.database.engine.pools import PoolUse

_WAIT_SECONDS: Final = 30.0

Connection = psycopg.AsyncConnection[tuple[Any, ...]]


class _ConnectionLost(psycopg.OperationalError):
    """The server or the network ended a connection."""


class PostgresReaders:
    """A bounded number of connections, each opened when first needed, and kept.

    The server prepares each statement at its first run on a connection; a statement is a snapshot
    of its own, without a transaction.
    """

    def __init__(self, url: URL, options: Mapping[str, Any], connections: int) -> None:
        """Take the database's URL, libpq's options, and the number of connections."""
        _, found = PGDialectAsync_psycopg().create_connect_args(url)  # type: ignore[no-untyped-call]
        self._arguments = {**found, **options}
        self._idle: list[Connection] = []
        self._limit = connections
        self._free = asyncio.Semaphore(connections)
        self._busy = self._max_busy = 0

    @property
    def use(self) -> PoolUse:
        """The connections at the moment."""
        return PoolUse(self._busy, len(self._idle), self._limit)

    async def rows(self, text: str, parameters: Any) -> list[tuple[Any, ...]]:
        """Run a statement; return its rows.

        Raises:
            psycopg.Error: The statement failed.
            TimeoutError: All connections have been in use for too long.
        """
        if self._free.locked():
            async with asyncio.timeout(_WAIT_SECONDS):
                await self._free.acquire()
        else:
            await self._free.acquire()
        self._busy += 1
        self._max_busy = max(self._busy, self._max_busy)
        try:
            while self._idle:
                connection = self._idle.pop()
                try:
                    return await self._run(connection, text, parameters)
                except _ConnectionLost:
                    continue  # it ended while idle, as others of its age may have
            return await self._run(await self._opened(), text, parameters)
        finally:
            self._busy -= 1
            self._free.release()

    async def shrink(self) -> None:
        """Close idle connections, except as many as were in use at once since the last call."""
        while self._idle and len(self._idle) + self._busy > self._max_busy:
            await self._idle.pop(0).close()
        self._max_busy = self._busy

    async def close(self) -> None:
        """Close all connections."""
        while self._idle:
            await self._idle.pop().close()

    async def _run(
        self, connection: Connection, text: str, parameters: Any
    ) -> list[tuple[Any, ...]]:
        try:
            cursor = await connection.execute(text, parameters, prepare=True)
            found = await cursor.fetchall()
        except BaseException as error:
            is_lost = connection.broken
            # It may be in the middle of a response that no one reads.
            await connection.close()
            if is_lost and isinstance(error, psycopg.OperationalError):
                raise _ConnectionLost(str(error)) from error
            raise
        self._idle.append(connection)
        return found

    async def _opened(self) -> Connection:
        connection: Connection = await psycopg.AsyncConnection.connect(
            **self._arguments, autocommit=True
        )
        try:
            # Times then need no conversion.
            await connection.execute("SET TIME ZONE 'UTC'")
        except BaseException:
            await connection.close()
            raise
        set_json_loads(orjson.loads, connection)
        return connection
