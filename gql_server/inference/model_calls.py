"""Measuring calls of models: the wait before a call apart from the call itself."""

from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter
from types import TracebackType
from typing import Self

from gql_server.inference.generator import GenerationRequest
from gql_server.telemetry.metrics import MODEL_CALL_SECONDS, MODEL_WAIT_SECONDS
from gql_server.telemetry.spans import Span
from gql_server.telemetry.tracing import NO_SPAN, OpenSpan, prompt_attribute, span

OutcomeOf = Callable[[BaseException], str]
"""Returns the outcome that a metric has for the error of a call."""

_OK = "ok"


class ModelCall:
    """Measures its block, which is one call: first ``begin``, then ``answered``.

    A block that ends before the call began, because its image was no longer needed, counts as none.
    """

    def __init__(self, request: GenerationRequest, outcome_of: OutcomeOf) -> None:
        """Take the request, and what names the outcome of an error."""
        self._request = request
        self._outcome_of = outcome_of
        self._waits_since = perf_counter()
        self._began_at: float | None = None
        self._seconds: float | None = None
        self._spans = ExitStack()
        self._recorded: OpenSpan = NO_SPAN

    def begin(self) -> None:
        """Start the call: the wait is over."""
        self._spans.close()
        self._recorded = self._spans.enter_context(
            span(
                Span.MODEL_CALL,
                gql_server__model=self._request.model.id,
                gql_server__prompt=prompt_attribute(self._request.prompt),
            )
        )
        self._began_at = perf_counter()
        reason = "batch" if self._request.is_background else "request"
        MODEL_WAIT_SECONDS.labels(self._request.model.id, reason).observe(
            self._began_at - self._waits_since
        )

    def answered(self) -> float:
        """End the call; return how many seconds it took."""
        self._seconds = self._since_beginning()
        return self._seconds

    def __enter__(self) -> Self:
        """Start waiting."""
        self._spans.enter_context(span(Span.MODEL_WAIT, gql_server__model=self._request.model.id))
        return self

    def logged(self, log_id: str | None) -> None:
        """Record the ID of the call in the log of an AI Gateway."""
        self._recorded.set(gql_server__gateway_log_id=log_id)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Observe the call."""
        outcome = _OK if error is None else self._outcome_of(error)
        self._recorded.set(gql_server__outcome=outcome)
        self._spans.__exit__(kind, error, traceback)
        if self._began_at is None:
            return
        seconds = self._since_beginning() if self._seconds is None else self._seconds
        MODEL_CALL_SECONDS.labels(self._request.model.id, outcome).observe(seconds)

    def _since_beginning(self) -> float:
        return perf_counter() - (self._began_at or 0.0)
