"""A connection for statements that only read SQLite."""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection, Dialect, Executable, Result
from sqlalchemy.ext.asyncio import AsyncEngine

from gql_server.database.engine.loop_reader import LoopReader, ReadElsewhere

T = TypeVar("T")


class LoopConnection:
    """Reads in the event loop's thread if that is short, and otherwise in a thread of the pool.

    It has the parts of an AsyncConnection that statements use.
    """

    def __init__(self, reader: LoopReader, pool: AsyncEngine) -> None:
        """Take the reader, and the pool for statements that take too long."""
        self._reader = reader
        self._pool = pool

    @property
    def dialect(self) -> Dialect:
        """The dialect that statements are compiled for."""
        return self._pool.dialect

    async def execute(self, statement: Executable, parameters: Any = None) -> Result[Any]:
        """Execute a statement that only reads."""
        try:
            result = self._reader.execute(statement, parameters)
        except ReadElsewhere:
            async with self._pool.connect() as connection:
                return (await connection.execute(statement, parameters)).freeze()()
        await self._reader.give_way()
        return result

    async def exec_driver_sql(self, statement: str, parameters: Any = None) -> Result[Any]:
        """Execute the text of a statement that only reads."""
        async with self._pool.connect() as connection:
            return (await connection.exec_driver_sql(statement, parameters)).freeze()()

    async def run_sync(self, work: Callable[[Connection], T]) -> T:
        """Run work with a synchronous connection."""
        async with self._pool.connect() as connection:
            return await connection.run_sync(work)
