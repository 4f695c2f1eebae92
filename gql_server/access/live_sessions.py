"""Open sockets and streams of callers: they end when the caller would no longer be admitted."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from gql_server.access.authentication import REVOKED, Authentication, expiry
from gql_server.access.keys import REVOKED_KEYS
from gql_server.domain.clock import now
from gql_server.domain.errors import Unauthenticated
from gql_server.domain.principal import Principal
from gql_server.progress.progress import Progress

CHECK_SECONDS: Final = 10.0
"""Interval of checks in seconds, when no revoked key was reported."""

_RETRY_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class ServerStopping(Exception):
    """The server is shutting down; clients reconnect, to another process or to this one later."""


SessionEnd = Unauthenticated | ServerStopping
"""Why a session ends."""


class LiveSessions:
    """Ends sessions when their key is revoked or expires, or when the server shuts down."""

    def __init__(self, authentication: Authentication) -> None:
        """Take what decides whether a caller would be admitted."""
        self._authentication = authentication
        self._open: set[_Session] = set()
        self._has_stopped = False
        self._soon = asyncio.Event()

    @contextmanager
    def session(self, principal: Principal, end: Callable[[SessionEnd], None]) -> Iterator[None]:
        """Register a session until the block ends.

        Args:
            principal: The caller.
            end: Called once, when the session must end; immediately if the server is shutting down.
        """
        session = _Session(principal, end)
        self._open.add(session)
        if self._has_stopped:
            self._end(session, ServerStopping())
        elif principal.expires_at is not None:
            self._soon.set()
        try:
            yield
        finally:
            self._open.discard(session)

    def stop(self) -> None:
        """End all sessions, and those opened from now on."""
        self._has_stopped = True
        for session in list(self._open):
            self._end(session, ServerStopping())

    async def check(self) -> None:
        """End the sessions whose callers would no longer be admitted.

        Raises:
            DatabaseUnavailable: Which keys were revoked is unknown; sessions of expired keys have
                ended.
        """
        for session in list(self._open):
            if (expired := expiry(session.principal)) is not None:
                self._end(session, expired)
        by_key = defaultdict(list)
        for session in self._open:
            if session.principal.key_id is not None:
                by_key[session.principal.key_id].append(session)
        for key_id in await self._authentication.revoked(by_key):
            for session in by_key[key_id]:
                self._end(session, Unauthenticated(REVOKED))

    @asynccontextmanager
    async def watched(
        self, progress: Progress, *, seconds: float = CHECK_SECONDS
    ) -> AsyncIterator[None]:
        """Check sessions until the block ends: when a key was revoked anywhere or has expired.

        Args:
            progress: Reports keys that were revoked in any process.
            seconds: Interval of checks when nothing is reported.
        """
        checking = asyncio.create_task(self._keep_checking(seconds), name="sessions")
        try:
            with progress.on_news(REVOKED_KEYS, self._soon.set):
                yield
        finally:
            checking.cancel()
            await asyncio.wait({checking})

    async def _keep_checking(self, seconds: float) -> None:
        while True:
            try:
                async with asyncio.timeout(min(seconds, self._seconds_to_expiry())):
                    await self._soon.wait()
            except TimeoutError:
                pass
            self._soon.clear()
            try:
                await self.check()
            except Exception as error:  # noqa: BLE001 - whatever it was, the next time may succeed
                log.warning("sessions_not_checked", reason=repr(error))
                await asyncio.sleep(_RETRY_SECONDS)

    def _seconds_to_expiry(self) -> float:
        moments = [session.principal.expires_at for session in self._open]
        first = min((moment for moment in moments if moment is not None), default=None)
        return max(0.0, (first - now()).total_seconds()) if first is not None else float("inf")

    def _end(self, session: "_Session", reason: SessionEnd) -> None:
        if session in self._open:
            self._open.discard(session)
            session.end(reason)


@dataclass(frozen=True, slots=True, eq=False)
class _Session:
    principal: Principal
    end: Callable[[SessionEnd], None]
