"""The database of a process: short reading and writing units of work."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    nullcontext,
    suppress,
)
from time import perf_counter
from typing import Any, Final, TypeVar, cast

import orjson
import psycopg
from sqlalchemy import Dialect, Engine, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import QueuePool
from sqlalchemy.util import greenlet_spawn

from gql_server.database.engine.errors import DatabaseUnavailable, translated_errors
from gql_server.database.engine.loop_connection import LoopConnection
from gql_server.database.engine.loop_reader import LoopReader, ReadElsewhere
from gql_server.database.engine.pools import PoolSizes, PoolUse, Turns, pool_sizes
from gql_server.database.engine.postgres_readers import PostgresReaders
from gql_server.database.engine.postgresql import connection_options
from gql_server.database.engine.raw_reads import PostgresValues, RawRead, RawValues, SqliteValues
from gql_server.database.engine.seconds import PAGE, READ, WRITE
from gql_server.database.engine.sqlite import (
    COMMITTED_TOPICS,
    READ_ONLY,
    SqliteThread,
    WriterTurns,
    empty_log,
    set_up_sqlite,
)
from gql_server.telemetry.spans import Span
from gql_server.telemetry.tracing import span

T = TypeVar("T")

_WAIT_SECONDS: Final = 30  # for a connection, or on SQLite for the turn to write
_STATEMENT_MILLISECONDS: Final = 60_000
_IDLE_MILLISECONDS: Final = 10_000


class Database:
    """Hands out a bounded number of connections; has no sessions and no lazy loading.

    No unit of work may be open during a call to a model or a store.

    Attributes:
        on_committed_topic: Called, on SQLite, with each topic that a committed transaction
            published.
        sizes: The numbers of its connections.
        alone: Limits the transactions that stay open for exclusive work, which needs connections
            beside its own.
        values: Converts the values in the rows of ``rows``.
        hear_raw_read: Called with the text of each statement that bypasses SQLAlchemy.
    """

    def __init__(self, url: URL, sizes: PoolSizes | None = None) -> None:
        """Take the URL and the numbers of connections; nothing is opened yet."""
        sizes = sizes or pool_sizes()
        self.sizes: Final = sizes
        self.alone: Final = asyncio.Semaphore(sizes.alone)
        self.is_sqlite: Final = url.get_backend_name() == "sqlite"
        self._started: set[asyncio.Task[None]] = set()
        self.on_committed_topic: Callable[[str], None] | None = None
        self.hear_raw_read: Callable[[str], None] | None = None
        self.values: Final[RawValues] = SqliteValues() if self.is_sqlite else PostgresValues()
        options: dict[str, Any] = {
            "hide_parameters": True,  # they contain prompts, and errors are logged
            "pool_timeout": _WAIT_SECONDS,
            "json_serializer": _write_json,
            "json_deserializer": orjson.loads,
        }
        if not self.is_sqlite:
            options["pool_pre_ping"] = True
            options["poolclass"] = Turns
            options["connect_args"] = connection_options(
                url,
                statement_milliseconds=_STATEMENT_MILLISECONDS,
                idle_milliseconds=_IDLE_MILLISECONDS,
            )
        self.engine: Final[AsyncEngine] = create_async_engine(
            url, **options, **_pool_options(sizes.writers)
        )
        # Readers need no transaction: a statement is a snapshot of its own. Connections that never
        # begin one need no begin, end or reset. All are kept: on SQLite, opening a connection for
        # one request would cost a thread.
        self._raw_reader_count = raw_readers = 0 if self.is_sqlite else sizes.readers // 2
        self.reader: Final[AsyncEngine] = create_async_engine(
            url,
            isolation_level="AUTOCOMMIT",
            skip_autocommit_rollback=True,
            **options | {"pool_size": sizes.readers - raw_readers, "max_overflow": 0},
        )
        self._snapshot_options: dict[str, Any] = (
            {READ_ONLY: True} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        )
        # Writers of a process queue here, not in SQLite's busy handler, which polls.
        self._writers: AbstractAsyncContextManager[Any] = (
            WriterTurns(_WAIT_SECONDS) if self.is_sqlite else nullcontext()
        )
        self._in_thread = (
            SqliteThread(url, {**options, **_pool_options(1)}) if self.is_sqlite else None
        )
        self._in_loop = LoopReader(url, options) if self.is_sqlite else None
        self._raw_readers = (
            PostgresReaders(url, options["connect_args"], raw_readers) if raw_readers else None
        )
        if self.is_sqlite:
            set_up_sqlite(self.engine.sync_engine)
            set_up_sqlite(self.reader.sync_engine, has_transactions=False)

    @property
    def sync_engines(self) -> Sequence[Engine]:
        """Every engine that statements go through, for listeners of their events."""
        in_thread = () if self._in_thread is None else self._in_thread.engines
        in_loop = () if self._in_loop is None else (self._in_loop.engine,)
        return (self.engine.sync_engine, self.reader.sync_engine, *in_thread, *in_loop)

    @asynccontextmanager
    async def read(self, *, snapshot: bool = False) -> AsyncIterator[AsyncConnection]:
        """Open a connection that only reads.

        Args:
            snapshot: Whether all reads must see the same state.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        with READ.running(), translated_errors():
            if not snapshot and self._in_loop is not None:
                # Statements take an AsyncConnection; this one has the parts of it that they use.
                yield cast("AsyncConnection", LoopConnection(self._in_loop, self.reader))
                return
            if not snapshot:
                async with self.reader.connect() as connection:
                    yield connection
                return
            async with self.engine.connect() as connection:
                await connection.execution_options(**self._snapshot_options)
                if not self.is_sqlite:
                    # Such readers read large parts of the database, and may take long.
                    await connection.execute(text("SET LOCAL statement_timeout = 0"))
                    await connection.execute(
                        text("SET LOCAL idle_in_transaction_session_timeout = 0")
                    )
                yield connection

    async def rows(self, read: RawRead, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        """Return the rows of a statement that only reads, as the driver returns them.

        Args:
            read: Made by ``compiled`` for this database's dialect.
            values: Its parameters by name.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        if self.hear_raw_read is not None:
            self.hear_raw_read(read.text)
        started_at = perf_counter()
        try:
            rows = await self._rows(read, values)
        except BaseException as error:
            PAGE.observe(perf_counter() - started_at, type(error))
            raise
        PAGE.observe_ok(perf_counter() - started_at)
        return rows

    async def _rows(self, read: RawRead, values: Mapping[str, Any]) -> Sequence[tuple[Any, ...]]:
        parameters = read.parameters(values)
        if self._raw_readers is not None:
            try:
                return await self._raw_readers.rows(read.text, parameters)
            except psycopg.errors.QueryCanceled as error:
                raise DatabaseUnavailable(type(error).__name__) from error
            except (psycopg.OperationalError, psycopg.InterfaceError, OSError):
                pass  # the pool waits if the server has no room for a connection
        if self._in_loop is not None:
            with suppress(ReadElsewhere), translated_errors():
                rows = self._in_loop.rows(read.text, parameters)
                await self._in_loop.give_way()
                return rows
            parameters = tuple(parameters)
        with translated_errors():
            async with self.reader.connect() as connection:
                found = await connection.exec_driver_sql(read.text, parameters)
                return [tuple(row) for row in found]

    @property
    def dialect(self) -> Dialect:
        """The dialect that statements are compiled for."""
        return self.reader.dialect

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that is committed at the end, or rolled back by an exception.

        Raises:
            DatabaseUnavailable: The database does not answer, or the transaction lost a race.
        """
        topics: set[str] = set()
        with span(Span.TRANSACTION), WRITE.running(), translated_errors():
            async with self._writers, self.engine.begin() as connection:
                connection.info[COMMITTED_TOPICS] = topics
                yield connection
        self._publish(topics)

    async def write_in_thread(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
        """Run work in a transaction, as ``write`` does; on SQLite as a whole, in a thread.

        On SQLite each statement otherwise passes between threads four times, each time behind all
        other work of the event loop, while every other writer waits.

        Args:
            work: Executes statements, and waits for nothing else.

        Raises:
            DatabaseUnavailable: The database does not answer, or the transaction lost a race.
        """
        if self._in_thread is None:
            async with self.write() as connection:
                return await work(connection)
        topics: set[str] = set()
        with span(Span.TRANSACTION), WRITE.running(), translated_errors():
            async with self._writers:
                done = await asyncio.shield(self._in_thread.do(work, topics))
        self._publish(topics)
        return done

    async def write_unsynced(self, work: Callable[[AsyncConnection], Coroutine[Any, Any, T]]) -> T:
        """Run work whose statements are each a transaction of their own, in one round trip.

        On SQLite it is not synced to disk: a power failure may lose the last writes, a crash of the
        process does not.

        Args:
            work: Executes statements, and waits for nothing else.

        Raises:
            DatabaseUnavailable: The database does not answer.
        """
        with WRITE.running(), translated_errors():
            if self._in_thread is None:
                async with self.reader.connect() as connection:
                    return await work(connection)
            async with self._writers:
                return await asyncio.shield(self._in_thread.do_unsynced(work))

    async def forget_overwritten(self) -> None:
        """Empty SQLite's write-ahead log, which has what was erased, unless a reader needs it."""
        if self.is_sqlite:
            await self.write_unsynced(empty_log)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Start work that no cancellation ends; ``close`` waits for it."""
        task = asyncio.create_task(work)
        self._started.add(task)
        task.add_done_callback(self._started.discard)

    @property
    def pools(self) -> Mapping[str, PoolUse]:
        """The connections of each pool by its name."""
        found = {
            name: PoolUse(pool.checkedout(), pool.checkedin(), limit)
            for name, pool, limit in (
                ("read", self.reader.pool, self.sizes.readers - self._raw_reader_count),
                ("write", self.engine.pool, self.sizes.writers),
            )
            if isinstance(pool, QueuePool)
        }
        if self._raw_readers is not None:
            found["page"] = self._raw_readers.use
        return found

    async def give_back_idle(self) -> None:
        """Close connections to PostgreSQL that are not in use.

        The server may have too few for all processes, so idle ones are missing elsewhere. Call this
        more often than a process waits for a connection.
        """
        for engine in (self.reader, self.engine):
            pool = engine.pool
            if isinstance(pool, Turns):
                await greenlet_spawn(pool.shrink)
        if self._raw_readers is not None:
            await self._raw_readers.shrink()

    async def close(self) -> None:
        """Wait for started work, and close all connections."""
        await asyncio.gather(*self._started, return_exceptions=True)
        await self.reader.dispose()
        await self.engine.dispose()
        if self._in_thread is not None:
            await asyncio.to_thread(self._in_thread.close)
        if self._in_loop is not None:
            self._in_loop.close()
        if self._raw_readers is not None:
            await self._raw_readers.close()

    def _publish(self, topics: Iterable[str]) -> None:
        if self.on_committed_topic is not None:
            for topic in topics:
                self.on_committed_topic(topic)


def _pool_options(connections: int) -> dict[str, int]:
    """Keep half of them open; the others are opened when needed."""
    kept = -(-connections // 2)
    return {"pool_size": kept, "max_overflow": connections - kept}


def _write_json(value: Any) -> str:
    return orjson.dumps(value).decode()
