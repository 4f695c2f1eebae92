"""Spans by OpenTelemetry's SDK, sent by OTLP over HTTP; the standard variables configure both."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, Status, StatusCode
from opentelemetry.trace import Span as RecordedSpan

from gql_server import __version__
from gql_server.telemetry.spans import Span
from gql_server.telemetry.trace_context import TraceContext, current_trace
from gql_server.telemetry.tracing import Attribute

_KINDS: Final = {
    Span.REQUEST: SpanKind.SERVER,
    Span.MODEL_CALL: SpanKind.CLIENT,
    Span.STORE: SpanKind.CLIENT,
    Span.TRANSACTION: SpanKind.CLIENT,
    Span.BATCH_SLICE: SpanKind.CONSUMER,
    Span.WEBHOOK: SpanKind.CLIENT,
}
_BASE: Final = 16
_UNNAMED: Final = "unknown_service"


class OpenTelemetry:
    """Records spans."""

    def __init__(self, name: str) -> None:
        """Take the name of the service, unless OTEL_SERVICE_NAME gives another."""
        resource = Resource.create({SERVICE_VERSION: __version__})
        if str(resource.attributes[SERVICE_NAME]).startswith(_UNNAMED):
            resource = resource.merge(Resource({SERVICE_NAME: name}))
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer(name, __version__)

    @contextmanager
    def span(
        self, name: Span, parent: TraceContext | None, attributes: Mapping[str, Attribute]
    ) -> Iterator["_OpenSpan"]:
        """Record a span during the block, as the parent of those within."""
        context = None if parent is None else trace.set_span_in_context(_remote(parent))
        kind = _KINDS.get(name, SpanKind.INTERNAL)
        with self._tracer.start_as_current_span(
            name.value,
            context,
            kind,
            _present(attributes),
            record_exception=False,  # messages may have prompts
            set_status_on_exception=False,
        ) as recorded:
            token = current_trace.set(_place(recorded))
            try:
                yield _OpenSpan(recorded)
            except BaseException as error:
                recorded.set_status(Status(StatusCode.ERROR, type(error).__name__))
                raise
            finally:
                current_trace.reset(token)

    def stop(self) -> None:
        """Send what is recorded."""
        self._provider.shutdown()


class _OpenSpan:
    def __init__(self, recorded: RecordedSpan) -> None:
        self._recorded = recorded

    def set(self, **attributes: Attribute) -> None:
        self._recorded.set_attributes(_present(attributes))


def _present(attributes: Mapping[str, Attribute]) -> dict[str, str | int | float | bool]:
    return {
        name.replace("__", "."): value for name, value in attributes.items() if value is not None
    }


def _place(recorded: RecordedSpan) -> TraceContext:
    found = recorded.get_span_context()
    return TraceContext(
        f"{found.trace_id:032x}", f"{found.span_id:016x}", f"{int(found.trace_flags):02x}"
    )


def _remote(parent: TraceContext) -> NonRecordingSpan:
    return NonRecordingSpan(
        SpanContext(
            int(parent.trace_id, _BASE),
            int(parent.span_id, _BASE),
            is_remote=True,
            trace_flags=trace.TraceFlags(int(parent.flags, _BASE)),
        )
    )
