"""Spans for OpenTelemetry, which is an extra: without it, they cost next to nothing."""

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, Protocol

from gql_server.telemetry.spans import Span
from gql_server.telemetry.trace_context import HEADER, TraceContext, current_trace

_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_LIBRARY: Final = "gql_server"

Attribute = str | int | float | bool | None


class TracingMissing(Exception):
    """Traces are requested by the environment, and OpenTelemetry is not installed."""


class OpenSpan(Protocol):
    """A span that has not ended."""

    def set(self, **attributes: Attribute) -> None:
        """Add attributes; those that are None are left out."""


class Tracing(Protocol):
    """Records spans."""

    def span(
        self, name: Span, parent: TraceContext | None, attributes: Mapping[str, Attribute]
    ) -> AbstractContextManager[OpenSpan]:
        """Record a span during the block, as the parent of those within."""

    def stop(self) -> None:
        """Send what is recorded; blocks for some seconds at most."""


class _NoSpan:
    def set(self, **attributes: Attribute) -> None:
        """Add nothing."""


class _State:
    """What this process does about traces.

    Attributes:
        tracing: Records spans; None: nothing does.
        shows_prompts: Whether prompts are attributes of spans.
    """

    tracing: Tracing | None = None
    shows_prompts = False


NO_SPAN: Final[OpenSpan] = _NoSpan()
"""What no one records."""

_NOTHING: Final = nullcontext(NO_SPAN)


def is_tracing() -> bool:
    """Return whether spans are recorded."""
    return _State.tracing is not None


def is_tracing_requested() -> bool:
    """Return whether the environment asks for traces, by the standard variables."""
    if os.environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return False
    if os.environ.get("OTEL_TRACES_EXPORTER", "otlp") == "none":
        return False
    return any(os.environ.get(name) for name in _ENDPOINTS)


def check_tracing() -> None:
    """Check that spans can be recorded, if the environment asks for it.

    Raises:
        TracingMissing: OpenTelemetry is not installed.
    """
    if not is_tracing_requested():
        return
    try:
        import gql_server.telemetry.opentelemetry  # noqa: F401, PLC0415 - an extra
    except ImportError as error:
        raise TracingMissing(
            "OTEL_EXPORTER_OTLP_ENDPOINT: traces require OpenTelemetry: "
            "pip install 'gql-server[otel]', or unset the variable"
        ) from error


@contextmanager
def traced(*, shows_prompts: bool) -> Iterator[None]:
    """Record spans during the block, if the environment asks for it, and send what is left.

    Raises:
        TracingMissing: OpenTelemetry is not installed.
    """
    if not is_tracing_requested() or _State.tracing is not None:
        yield
        return
    check_tracing()
    from gql_server.telemetry.opentelemetry import OpenTelemetry  # noqa: PLC0415 - an extra

    _State.tracing, _State.shows_prompts = OpenTelemetry(_LIBRARY), shows_prompts
    try:
        yield
    finally:
        tracing, _State.tracing, _State.shows_prompts = _State.tracing, None, False
        tracing.stop()


def span(
    name: Span, parent: TraceContext | None = None, **attributes: Attribute
) -> AbstractContextManager[OpenSpan]:
    """Record a span during the block.

    Args:
        name: Its name.
        parent: Its parent, from another process; None: the span that this code runs in.
        attributes: What is known of it; those that are None are left out.
    """
    tracing = _State.tracing
    if tracing is None:
        return _NOTHING if parent is None else _continued(parent)
    return tracing.span(name, parent, attributes)


def prompt_attribute(prompt: str) -> str | None:
    """Return a prompt as an attribute, if TRACE_PROMPTS is set; otherwise None."""
    return prompt if _State.shows_prompts else None


def trace_headers() -> dict[str, str]:
    """Return the headers that pass the trace on to another server."""
    trace = current_trace.get()
    if trace is None:
        return {}
    return {HEADER: str(trace if is_tracing() else trace.child())}


@contextmanager
def _continued(parent: TraceContext) -> Iterator[OpenSpan]:
    """Pass on a trace that is not recorded here."""
    token = current_trace.set(parent)
    try:
        yield NO_SPAN
    finally:
        current_trace.reset(token)
