"""The W3C trace context: which trace a request belongs to, received and passed on."""

import random
import re
from contextvars import ContextVar
from typing import Final, NamedTuple, Self

HEADER: Final = "traceparent"

_FORM: Final = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_UNRECORDED: Final = "00"
_NO_TRACE: Final = "0" * 32
_NO_SPAN: Final = "0" * 16
_INVALID_VERSION: Final = "ff"
_FIRST_VERSION: Final = "00"

_draw: Final = random.getrandbits


class TraceContext(NamedTuple):
    """A place in a trace.

    Attributes:
        trace_id: The trace: 32 hexadecimal digits.
        span_id: The span that is the parent of what follows: 16 hexadecimal digits.
        flags: Two hexadecimal digits; ``01``: the trace is recorded.
    """

    trace_id: str
    span_id: str
    flags: str

    @classmethod
    def read(cls, header: str) -> Self | None:
        """Read a ``traceparent`` header; None if it is invalid."""
        match = _FORM.fullmatch(header)
        if match is None:
            return None
        version, trace_id, span_id, flags, more = match.groups()
        is_valid = version != _INVALID_VERSION and not (more and version == _FIRST_VERSION)
        if not is_valid or trace_id == _NO_TRACE or span_id == _NO_SPAN:
            return None
        return cls(trace_id, span_id, flags)

    @classmethod
    def new(cls) -> Self:
        """Start a trace."""
        # Not by a cryptographic generator: these identify, and protect nothing.
        return cls(f"{_draw(128) | 1:032x}", f"{_draw(64) | 1:016x}", _UNRECORDED)

    def child(self) -> Self:
        """Return the place of a new span, which others can be children of."""
        return self._replace(span_id=f"{_draw(64) | 1:016x}")

    def __str__(self) -> str:
        """Write it as a ``traceparent`` header."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"


current_trace: Final[ContextVar[TraceContext | None]] = ContextVar("current_trace", default=None)
"""The place of the running code; None outside of requests and jobs."""
