"""Limits on what clients send, request and keep open; and the log."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings

from gql_server.settings.types import AnyCase, ListenHost


class ConnectionSettings(BaseSettings):
    """Connections and subscriptions."""

    max_connections: int = Field(
        default=10_000,
        ge=1,
        description="Maximum number of connections of a process, WebSockets included. The "
        "operating system's limit (`ulimit -n`) may be lower.",
    )
    max_open_requests: int = Field(
        default=1_000,
        ge=1,
        description="Maximum number of requests that a process works on at once, until their "
        "responses start. Further ones get 503 with `Retry-After`. [All limits](bounds.md).",
    )
    max_open_body_bytes: int = Field(
        default=512 * 1024 * 1024,
        ge=1024,
        description="Maximum size of the bodies of all requests that a process works on, in bytes. "
        "Further bodies get 503 with `Retry-After`.",
    )
    websockets_per_address: int = Field(
        default=2_000,
        ge=1,
        description="Maximum number of WebSockets of one client address in a process. Behind a "
        "proxy, set `TRUSTED_PROXIES`, or all clients share its address.",
    )
    websockets_per_user: int = Field(
        default=2_000,
        ge=1,
        description="Maximum number of WebSockets of one user in a process.",
    )
    subscriptions_per_connection: int = Field(
        default=100,
        ge=1,
        le=10_000,
        description="Maximum number of concurrent operations on one WebSocket.",
    )
    subscriptions_per_user: int = Field(
        default=5_000,
        ge=1,
        description="Maximum number of concurrent subscriptions of one user in a process.",
    )
    max_subscriptions: int = Field(
        default=20_000,
        ge=1,
        description="Maximum number of concurrent subscriptions of a process, of all users. "
        "Further ones get `UNAVAILABLE`.",
    )
    subscription_init_timeout: float = Field(
        default=10,
        gt=0,
        le=600,
        description="Time a WebSocket has to send `connection_init`, in seconds.",
    )
    subscription_send_timeout: float = Field(
        default=30,
        gt=0,
        le=600,
        description="Time after which a subscriber that does not read is disconnected, in seconds.",
    )


class RequestSettings(BaseSettings):
    """Requests and operations."""

    max_body_bytes: int = Field(
        default=8 * 1024 * 1024,
        ge=1024,
        description="Maximum size of a request without its files, or of a WebSocket message, in "
        "bytes.",
    )
    max_files: int = Field(
        default=1,
        ge=1,
        le=100,
        description="Maximum number of files in a GraphQL request, of 20 MiB each.",
    )
    receive_timeout: float = Field(
        default=30,
        gt=0,
        le=600,
        description="Time for a request's headers, and then for its body, to arrive, in seconds.",
    )
    keep_alive_timeout: float = Field(
        default=75,
        gt=0,
        le=3600,
        description="Time that a connection stays open without a request, in seconds. Set it above "
        "the idle time of a proxy in front: a proxy that reuses a connection while it is closed "
        "answers 502.",
    )
    max_operations: int = Field(
        default=0,
        ge=0,
        le=100,
        description="Maximum number of operations in a batched request. 0: no batched requests.",
    )
    trusted_documents: Path | None = Field(
        default=None,
        description="Path of the manifest of the only documents that may run. Without it, any "
        "document may run. [Formats](guide/http.md#documents-by-their-hash).",
    )
    max_query_length: int = Field(
        default=65_536, ge=1, description="Maximum length of a GraphQL document, in characters."
    )
    max_query_tokens: int = Field(
        default=4000, ge=100, description="Maximum number of tokens in a GraphQL document."
    )
    max_query_depth: int = Field(
        default=15, ge=1, le=100, description="Maximum depth of nested fields in an operation."
    )
    max_query_aliases: int = Field(
        default=50, ge=0, description="Maximum number of aliases in a GraphQL document."
    )
    max_query_directives: int = Field(
        default=50, ge=0, description="Maximum number of directives in a GraphQL document."
    )
    max_query_repeats: int = Field(
        default=20,
        ge=1,
        description="Maximum number of times that one selection may repeat a field.",
    )
    max_query_cost: int = Field(
        default=12_000,
        ge=1,
        description="Maximum cost of an operation: the number of objects it may return. "
        "[How it is counted](guide/http.md#limits).",
    )
    allowance: Annotated[int, Field(ge=0, le=2_000_000_000)] | None = Field(
        default=None,
        description="Operation cost that a user may spend at once, over all processes. 0: no "
        "limit. Defaults to 1,000,000 when `AUTH=keys`, and to no limit otherwise. Must be the "
        "same in every process.",
    )
    allowance_per_second: int = Field(
        default=20_000,
        ge=1,
        le=2_000_000_000,
        description="Operation cost that is refilled per second in each user's allowance.",
    )


class LogSettings(BaseSettings):
    """Logs, metrics and traces."""

    log_level: Annotated[Literal["debug", "info", "warning", "error"], AnyCase] = Field(
        default="info", description="Lowest level that is logged."
    )
    log_requests: bool = Field(
        default=True,
        description="Whether each request is a line of the log, at the level info: operation, "
        "user, key ID, milliseconds, status, cost and trace ID.",
    )
    log_format: Annotated[Literal["console", "json"], AnyCase] | None = Field(
        default=None,
        description="Format of the log. Defaults to `json` with PostgreSQL, and to `console` "
        "otherwise.",
    )
    trace_prompts: bool = Field(
        default=False,
        description="Whether prompts are attributes of spans, where OpenTelemetry records traces. "
        "[Traces](operating.md#traces).",
    )
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = Field(
        default=None,
        description="Port on which `/metrics` and `/health` are served without authentication, "
        "also by `gql-server worker`. Without it, the server's own `/metrics` is for admins. "
        "[Which to choose](operating.md#metrics).",
    )
    metrics_host: ListenHost = Field(
        default="127.0.0.1",
        description="Address that `METRICS_PORT` listens on. Choose one that only your monitoring "
        "reaches: the metrics name operations, models and amounts of money.",
    )
