"""The job engine, DBOS, in threads and an event loop of its own."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from math import inf
from threading import Lock, Thread
from typing import Any, Final

import structlog
from dbos import DBOS, error
from sqlalchemy import URL, Engine

from gql_server.jobs.engine_database import SCHEMA, JobTablesOutdated, engine_address
from gql_server.jobs.kinds import Attempt
from gql_server.jobs.queue import (
    APPLICATION,
    APPLICATION_VERSION,
    SERIALIZER,
    WORKFLOW,
    to_attempt,
)

log = structlog.get_logger(__name__)

Run = Callable[[Attempt, str], Coroutine[Any, Any, None]]
"""Runs an attempt, on behalf of the process with an ID."""

_THREADS: Final = 16
_NEVER_SECONDS: Final = 3600.0
_UNUSED_SECONDS: Final = 0.25
_QUIET_SECONDS: Final = 60.0
_KIND_LENGTH: Final = 25
"""Characters of a log record that identify its kind; names and numbers follow."""
_SETTLE_SECONDS: Final = 1
"""How long a shutdown waits between the last claim and the end of the engine's loop."""

# DBOS is a singleton per process, and returns the same instance to every caller.
_the_only_one: Final = Lock()


class JobEngine:
    """Runs what is in the queues, from start to stop; it can be started again.

    Its own loop and threads keep it off the server's loop: starting it delays no request, and
    only handlers run in the loop that started it.
    """

    def __init__(self, url: URL, engine: Engine, run: Run) -> None:
        self._url = url
        self._engine = engine
        self._run = run
        self._process_id: str | None = None

    @property
    def process_id(self) -> str | None:
        """The process that it runs for; None while it is stopped."""
        return self._process_id

    async def start(self, process_id: str, queues: Iterable[str]) -> None:
        """Run the jobs of these queues, and no others.

        Raises:
            JobTablesOutdated: The engine's tables have another version.
        """
        if not _the_only_one.acquire(blocking=False):
            raise RuntimeError("a process runs one engine at a time")
        loop = asyncio.get_running_loop()
        launch = asyncio.to_thread(self._launch, loop, process_id, list(queues))
        launching = asyncio.ensure_future(launch)
        try:
            await asyncio.shield(launching)
        except BaseException as failure:
            await asyncio.wait({launching})
            await asyncio.to_thread(_destroy)
            if isinstance(failure, error.DBOSInitializationError):
                raise JobTablesOutdated from failure
            raise
        self._process_id = process_id

    async def stop(self, *, timeout_seconds: float | None = None) -> None:
        """Claim nothing more and cancel running attempts, which remain claimed by their process.

        Args:
            timeout_seconds: How long to wait for the engine's threads if the process ends anyway:
                without a database they sleep between reconnects. None: wait until they have ended,
                so that the engine can be started again.
        """
        if self._process_id is None:
            return
        self._process_id = None
        destroyed: Future[None] = Future()
        destroyed.set_running_or_notify_cancel()
        # In a daemon thread, which does not keep the process alive.
        Thread(target=_destroy_for, args=(destroyed,), name="engine stop", daemon=True).start()
        done, _ = await asyncio.wait({asyncio.wrap_future(destroyed)}, timeout=timeout_seconds)
        for ended in done:
            ended.result()
        if not done:
            log.warning("job_engine_not_stopped")

    def _launch(self, loop: asyncio.AbstractEventLoop, process_id: str, queues: list[str]) -> None:
        # DBOS would print by itself otherwise; this way its records go through our logging.
        logger = logging.getLogger("dbos")
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())
            logger.addFilter(_OncePerMinute())

        # None: deaths during a job are counted when its work is taken over.
        @DBOS.workflow(name=WORKFLOW, max_recovery_attempts=None)
        async def job(
            kind: str,
            job_id: str,
            argument: Any,
            partition: str,
            priority: int,
            number: int,
            given_up: Any,
        ) -> None:
            attempt = to_attempt(kind, job_id, argument, partition, priority, number, given_up)
            await asyncio.wrap_future(
                asyncio.run_coroutine_threadsafe(self._run(attempt, process_id), loop)
            )

        DBOS(
            config={
                "name": APPLICATION,
                "application_version": APPLICATION_VERSION,
                "executor_id": process_id,
                "system_database_url": engine_address(self._url),
                "system_database_engine": self._engine,
                "dbos_system_schema": SCHEMA,
                "serializer": SERIALIZER,
                "run_migrations": False,
                "max_executor_threads": _THREADS,
                "log_level": "WARNING",
                # Schedules and events are unused here, but a stop waits for their threads.
                "scheduler_polling_interval_sec": _NEVER_SECONDS,
                "notification_listener_polling_interval_sec": _UNUSED_SECONDS,
                "notification_coalesce_sec": _UNUSED_SECONDS,
            }
        )
        DBOS.listen_queues(queues)
        DBOS.launch()


class _OncePerMinute(logging.Filter):
    """Passes one record of each kind per minute: without a database there are ten per second."""

    def __init__(self) -> None:
        super().__init__()
        self._logged_at: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        kind = record.getMessage()[:_KIND_LENGTH]
        is_news = record.created - self._logged_at.get(kind, -inf) > _QUIET_SECONDS
        if is_news:
            self._logged_at[kind] = record.created
        return is_news


def _destroy_for(waiter: "Future[None]") -> None:
    try:
        _destroy()
    except BaseException as error:  # noqa: BLE001 - the waiter raises it
        waiter.set_exception(error)
    else:
        waiter.set_result(None)


def _destroy() -> None:
    # It would warn about each attempt that a stop cancels; we log that they are returned.
    logging.getLogger("dbos").setLevel(logging.ERROR)
    try:
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=_SETTLE_SECONDS)
    finally:
        _the_only_one.release()
