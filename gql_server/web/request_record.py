"""What is known of a request: for the metrics, the request log and the trace."""

from http import HTTPStatus
from time import perf_counter
from typing import Final, NamedTuple

from starlette.types import Scope

from gql_server.domain.principal import Principal
from gql_server.telemetry.loop_metrics import LoopCount, LoopObservations
from gql_server.telemetry.metrics import (
    OPERATION_COST,
    OPERATION_ERRORS,
    OPERATIONS,
    REQUEST_SECONDS,
    REQUESTS,
)
from gql_server.telemetry.operation_names import MAX_LENGTH, OTHER, OperationNames
from gql_server.telemetry.quick_log import QuickLogger
from gql_server.telemetry.trace_context import TraceContext
from gql_server.web.headers import header_of

log = QuickLogger(__name__)

RECORD: Final = "request_record"
"""Where it is in a request's state."""

_ANONYMOUS: Final = "anonymous"
_SEVERAL: Final = "several"
_PROBES: Final = "probes"
_PATHS: Final = {
    "/graphql": ("graphql", "none"),
    "/graphql/": ("graphql", "none"),
    "/mcp": ("mcp", "none"),
    "/mcp/": ("mcp", "none"),
    "/health": (_PROBES, "health"),
    "/ready": (_PROBES, "ready"),
    "/metrics": (_PROBES, "metrics"),
    "/": ("pages", "studio"),
    "/schema.graphql": ("graphql", "schema"),
    "/docs": ("pages", "documentation"),
    "/studio": ("pages", "studio"),
    "/studio.json": ("pages", "studio"),
}
_FOLDERS: Final = (
    ("/images/", ("files", "image")),
    ("/assets/", ("files", "asset")),
    ("/docs/", ("pages", "documentation")),
    ("/studio/", ("pages", "studio")),
    ("/api/docs", ("pages", "docs")),
    ("/api/", ("rest", "none")),
    ("/v1/docs", ("pages", "docs")),
    ("/v1/", ("openai", "none")),
)

_names: Final = OperationNames()


class _RequestCounts(NamedTuple):
    api: str
    operation: str
    number: LoopCount
    seconds: LoopObservations


_RequestKey = tuple[str, str | None, str, int]
_requests: Final[dict[_RequestKey, _RequestCounts]] = {}
_operations: Final[dict[tuple[str | None, str], tuple[LoopCount, LoopCount]]] = {}
"""Counters by what requests have, so that they are found at once; both are bounded by the names."""


class RequestRecord:
    """One HTTP request, or one WebSocket from its handshake on.

    Attributes:
        operation: The operation, as clients name it; None: not known, or none.
        cost: The cost that was deducted from the caller's allowance.
        error: The code of the first error in the response; None: none is known.
        refused_origin: The origin of the page that may not read the response.
        parent: Its parent in a trace, from its ``traceparent`` header.
        principal: The caller of a WebSocket, who authenticated by a message.
        trace: Its place in a trace.
    """

    __slots__ = (
        "_arrived_at",
        "_is_logged",
        "_scope",
        "cost",
        "error",
        "operation",
        "parent",
        "principal",
        "refused_origin",
        "trace",
    )

    def __init__(self, scope: Scope, *, is_logged: bool) -> None:
        self._arrived_at = perf_counter()
        self._scope = scope
        self._is_logged = is_logged and log.is_on
        self.operation: str | None = None
        self.cost: int | None = None
        self.error: str | None = None
        self.principal: Principal | None = None
        self.refused_origin: str | None = None
        header = header_of(scope, b"traceparent")
        self.parent = TraceContext.read(header) if header is not None else None
        self.trace = TraceContext.new() if self.parent is None else self.parent.child()

    def admitted(self, name: str | None, kind: str, cost: int) -> None:
        """Record that a GraphQL operation runs.

        Args:
            name: Its name; None if it has none.
            kind: ``query``, ``mutation`` or ``subscription``.
            cost: Its estimated cost.
        """
        counts = _operations.get((name, kind)) or _operation_counts(name, kind)
        counts[0].value += 1
        counts[1].value += cost
        shown = name[:MAX_LENGTH] if name else _ANONYMOUS
        if self._scope["type"] == "websocket":
            if self._is_logged:
                log.info("operation", operation=shown, kind=kind, cost=cost, **self._caller())
        elif self.operation is None:
            self.operation, self.cost = shown, cost
        else:
            self.operation, self.cost = _SEVERAL, (self.cost or 0) + cost

    @property
    def attributes(self) -> dict[str, str | int | None]:
        """What a span says about the request when it has ended."""
        principal = self._principal
        return {
            "graphql__operation__name": self.operation,
            "gql_server__cost": self.cost,
            "error__type": self.error,
            "user__id": None if principal is None else principal.user_id,
            "gql_server__key_id": None if principal is None else principal.key_id,
        }

    def refused(self, name: str | None) -> None:
        """Record the name of a GraphQL operation that costs more than the caller has left."""
        self.operation = name[:MAX_LENGTH] if name else _ANONYMOUS

    def failed(self, code: str) -> None:
        """Record the code of an error in the response of a GraphQL operation."""
        OPERATION_ERRORS.labels(code).inc()
        if self.error is None:
            self.error = code

    def ended(self, status: int, started_at: float | None) -> None:
        """Count and log the request.

        Args:
            status: The status of the response; of a WebSocket 101, if it was accepted.
            started_at: When the response started, by ``perf_counter``; None: it did not.
        """
        scope = self._scope
        path: str = scope["path"]
        principal = self._principal
        role = "none" if principal is None else principal.role
        key = (path, self.operation, role, status)
        counts = _requests.get(key) or _request_counts(*key)
        counts.number.value += 1
        seconds = (started_at or perf_counter()) - self._arrived_at
        if scope["type"] == "http":
            counts.seconds.observe(seconds)
        if self._is_logged and (status >= HTTPStatus.BAD_REQUEST or counts.api != _PROBES):
            self._log(counts.operation, status, seconds)

    def _log(self, operation: str, status: int, seconds: float) -> None:
        fields = {
            "operation": self.operation or operation,
            "method": self._scope.get("method", "WEBSOCKET"),
            "status": status,
            "milliseconds": round(seconds * 1000, 1),
        }
        if self.cost is not None:
            fields["cost"] = self.cost
        if self.error is not None:
            fields["error"] = self.error
        if self.refused_origin is not None:
            fields["refused_origin"] = self.refused_origin
        if status >= HTTPStatus.BAD_REQUEST or self.error or self.refused_origin:
            client = self._scope.get("client")
            fields["client"] = client[0] if client else None
        log.info("request", **fields, **self._caller())

    @property
    def _principal(self) -> Principal | None:
        found: Principal | None = self.principal or self._scope["state"].get("principal")
        return found

    def _caller(self) -> dict[str, str]:
        principal = self._principal
        fields = {"trace_id": self.trace.trace_id}
        if principal is not None:
            fields["user"] = principal.user_id
            if principal.key_id is not None:
                fields["key"] = principal.key_id
        return fields


def record_of(scope: Scope) -> RequestRecord | None:
    """Return the record of a request; None if none is kept."""
    found: RequestRecord | None = scope["state"].get(RECORD)
    return found


def _place(path: str) -> tuple[str, str]:
    """Return the API of a path, and its operation if the path says it."""
    found = _PATHS.get(path)
    if found is not None:
        return found
    return next((place for folder, place in _FOLDERS if path.startswith(folder)), ("none", "none"))


def _request_counts(path: str, name: str | None, role: str, status: int) -> _RequestCounts:
    api, operation = _place(path)
    if name is not None:
        operation = _names.of(name)
    counts = _RequestCounts(
        api,
        operation,
        REQUESTS.labels(api, operation, role, str(status)),
        REQUEST_SECONDS.labels(api, operation),
    )
    if path in _PATHS and operation != OTHER:
        _requests[path, name, role, status] = counts
    return counts


def _operation_counts(name: str | None, kind: str) -> tuple[LoopCount, LoopCount]:
    known = _ANONYMOUS if name is None else _names.of(name)
    counts = OPERATIONS.labels(known, kind), OPERATION_COST.labels(known, kind)
    if known != OTHER:
        _operations[name, kind] = counts
    return counts
