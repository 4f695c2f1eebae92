"""The caller of an operation: who they are, what they may spend, and what they have open."""

from collections.abc import Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

from graphql import GraphQLError

from gql_server.access.allowances import Allowances
from gql_server.access.authentication import Authentication
from gql_server.access.connection_counts import ConnectionCounts
from gql_server.access.live_sessions import LiveSessions, ServerStopping, SessionEnd
from gql_server.access.tokens import ProviderUnavailable
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.domain.allowances import AllowanceState, RateLimited
from gql_server.domain.clock import to_iso
from gql_server.domain.errors import Unauthenticated
from gql_server.domain.principal import Principal
from gql_server.graphql.execution.context import (
    CallerRefused,
    CallerUnknown,
    EndSession,
    OperationContext,
    TooManyConnections,
)
from gql_server.graphql.execution.context import ServerStopping as ServerIsStopping
from gql_server.graphql.execution.limits import limit_error
from gql_server.telemetry.metrics import CLIENTS_DROPPED
from gql_server.transient import BUSY_RETRY_SECONDS, unavailable
from gql_server.web.allowances import allowance_headers
from gql_server.web.request_record import RequestRecord

_NO_CODE: Final = "GRAPHQL"
"""Stands for the errors of graphql-core, such as a document that is not valid."""


@dataclass(frozen=True, slots=True)
class Access:
    """What decides about callers; one for the whole process.

    Attributes:
        authentication: Identifies the caller of a WebSocket, and knows revoked keys.
        allowances: What operations are charged to; None: nothing.
        sessions: The open streams and sockets; None: nothing ends them early.
        subscriptions: The subscriptions of each user in this process; None: not counted.
        sockets: The WebSockets of each user in this process; None: not counted.
        sees_schema: Whether introspection is answered; None: to admins only.
        sees_suggestions: Whether errors suggest names; None: to admins only.
    """

    authentication: Authentication
    allowances: Allowances | None = None
    sessions: LiveSessions | None = None
    subscriptions: ConnectionCounts | None = None
    sockets: ConnectionCounts | None = None
    sees_schema: bool | None = None
    sees_suggestions: bool | None = None


class Caller(OperationContext):
    """Answers what the engine asks about the caller.

    Attributes:
        connection_params: The payload of a WebSocket's ``connection_init``; empty over HTTP.
        allowance: The caller's allowance after the operation; None: the caller has no limit.
        refused: Why the operation does not run, if it costs more than is left.
    """

    def __init__(
        self, access: Access, principal: Principal | None, record: RequestRecord | None = None
    ) -> None:
        """Take what decides, the caller, and the record of the request.

        Args:
            access: What decides about callers.
            principal: The caller; None: not known (yet).
            record: What is recorded of the request; None: nothing is.
        """
        self.connection_params: Mapping[str, object] = {}
        self.allowance: AllowanceState | None = None
        self.refused: RateLimited | None = None
        self._access = access
        self._principal = principal
        self._record = record
        self._counted_user_id: str | None = None

    @property
    def principal(self) -> Principal:
        """The caller.

        Raises:
            Unauthenticated: That is not known.
        """
        if self._principal is None:
            raise Unauthenticated
        return self._principal

    @property
    def is_admin(self) -> bool:
        """Whether the caller may see all users' objects."""
        return self._principal is not None and self._principal.is_admin

    @property
    def user_id(self) -> str | None:
        """The ID of the caller's user; None if not authenticated (yet)."""
        return self._principal.user_id if self._principal is not None else None

    @property
    def sees_schema(self) -> bool:
        """Whether introspection is answered."""
        return self._sees(self._access.sees_schema)

    @property
    def sees_suggestions(self) -> bool:
        """Whether an error may say which names there are."""
        return self._sees(self._access.sees_suggestions)

    @property
    def rights(self) -> Hashable:
        """What responses depend on besides the operation: the user, their role and their key."""
        return self._principal, self.sees_schema, self.sees_suggestions

    async def open_connection(self) -> None:
        """Identify the caller of a WebSocket from the payload of its ``connection_init``.

        A key in the header of its HTTP request is enough; the payload then needs none.

        Raises:
            CallerRefused: There is no key, or it is not valid.
            CallerUnknown: The database or the token's provider does not answer.
            TooManyConnections: The caller has too many WebSockets.
        """
        if self._principal is None:
            try:
                self._principal = await self._access.authentication.authenticate_connection(
                    self.connection_params
                )
                if self._record is not None:
                    self._record.principal = self._principal
            except Unauthenticated as error:
                hint = 'Send {"authorization": "Bearer gqls_…"} in connection_init.'
                raise CallerRefused(f"{hint} {error.message}") from error
            except (DatabaseUnavailable, ProviderUnavailable) as error:
                raise CallerUnknown from error
        if self._access.sockets is not None and self.user_id is not None:
            if not self._access.sockets.add(self.user_id):
                raise TooManyConnections
            self._counted_user_id = self.user_id

    def close_connection(self) -> None:
        """Count one WebSocket less, if this one was counted."""
        if self._access.sockets is not None and self._counted_user_id is not None:
            self._access.sockets.remove(self._counted_user_id)

    async def check_caller(self) -> None:
        """Make sure that the caller may still use the server.

        Raises:
            CallerRefused: The key was revoked, or the key or token has expired.
            CallerUnknown: The database does not answer.
        """
        try:
            await self._access.authentication.check(self.principal)
        except Unauthenticated as error:
            raise CallerRefused(error.message) from error
        except DatabaseUnavailable as error:
            raise CallerUnknown from error

    @contextmanager
    def session(self, end: EndSession) -> Iterator[None]:
        """Hold a session open until its caller loses access, or the server stops."""

        def end_engine(reason: SessionEnd) -> None:
            stops = isinstance(reason, ServerStopping)
            end(ServerIsStopping() if stops else CallerRefused(str(reason)))

        if self._access.sessions is None:
            yield
            return
        with self._access.sessions.session(self.principal, end_engine):
            yield

    def adopt(self, operation: Self) -> None:
        """Take over the allowance as an operation left it."""
        self.allowance, self.refused = operation.allowance, operation.refused

    def begin_subscription(self) -> GraphQLError | None:
        """Count one more subscription of the caller; return an error if there are too many."""
        counts, user_id = self._access.subscriptions, self.user_id
        if counts is None or user_id is None or counts.add(user_id):
            return None
        if counts.is_full:
            message = "The server is busy. Try again in a moment."
            return GraphQLError(message, extensions=unavailable(BUSY_RETRY_SECONDS))
        message = f"You have as many subscriptions as this server takes: {counts.limit}."
        return limit_error("TOO_MANY_SUBSCRIPTIONS", message, counts.limit)

    def end_subscription(self) -> None:
        """Count one subscription less."""
        if self._access.subscriptions is not None and self.user_id is not None:
            self._access.subscriptions.remove(self.user_id)

    def observe(self, name: str | None, kind: str, cost: int, *, is_refused: bool) -> None:
        """Record an operation of the caller."""
        if self._record is None:
            return
        if is_refused:
            self._record.refused(name)
        else:
            self._record.admitted(name, kind, cost)

    def failed(self, error: GraphQLError) -> None:
        """Record an error of the response by its code."""
        if self._record is not None:
            code = (error.extensions or {}).get("code")
            self._record.failed(code if isinstance(code, str) else _NO_CODE)

    def dropped(self) -> None:
        """Count a connection whose client took no data."""
        CLIENTS_DROPPED.inc()

    async def spend(self, cost: int) -> GraphQLError | None:
        """Charge the caller's allowance; return an error if it holds less than the cost.

        A caller who is not known (yet) is refused by the fields themselves.
        """
        if self._principal is None or self._access.allowances is None:
            return None
        try:
            self.allowance = await self._access.allowances.spend(self._principal, cost)
        except RateLimited as refused:
            self.allowance, self.refused = refused.state, refused
            return GraphQLError(refused.message, original_error=refused)
        return None

    def spend_at_once(self, cost: int) -> bool:
        """Charge the caller's allowance, if that needs neither the database nor a refusal."""
        if self._principal is None or self._access.allowances is None:
            return True
        return self._access.allowances.spend_at_once(self._principal, cost)

    def cost_details(self) -> Mapping[str, Any]:
        """Return the caller's allowance for ``extensions.cost``."""
        allowance = self.allowance
        if allowance is None:
            return {}
        return {
            "allowance": {
                "limit": allowance.limit,
                "cost": allowance.cost,
                "remaining": allowance.remaining,
                "resetsAt": to_iso(allowance.resets_at),
            }
        }

    def response_headers(self) -> Mapping[str, str]:
        """Return the caller's allowance as headers."""
        if self.allowance is None:
            return {}
        retry_after = self.refused.retry_after if self.refused is not None else None
        return allowance_headers(self.allowance, retry_after=retry_after)

    def _sees(self, setting: bool | None) -> bool:  # noqa: FBT001 - a switch
        if setting is None:
            return self.is_admin
        return setting
