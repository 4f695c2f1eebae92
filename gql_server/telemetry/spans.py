"""The names of spans; docs/traces.md is generated from here."""

from enum import StrEnum
from typing import Final


class Span(StrEnum):
    """The name of a span."""

    REQUEST = "request"
    ACCEPT_IMAGE = "accept image"
    ACCEPT_BATCH = "accept batch"
    MODEL_WAIT = "model wait"
    MODEL_CALL = "model call"
    STORE = "store"
    TRANSACTION = "transaction"
    BATCH_SLICE = "batch slice"
    BATCH_ITEM = "batch item"
    WEBHOOK = "webhook"


MEANINGS: Final = {
    Span.REQUEST: "An HTTP request until the end of its response, or a WebSocket until its end. "
    "Its parent is that of the `traceparent` header.",
    Span.ACCEPT_IMAGE: "An image is validated and priced.",
    Span.ACCEPT_BATCH: "A batch is validated and priced.",
    Span.MODEL_WAIT: "A call waits for a free slot and for the provider's rate limit.",
    Span.MODEL_CALL: "A call of a model, with the outcome, and the ID of the call in the log of an "
    "AI Gateway. The call carries the span as its `traceparent` header.",
    Span.STORE: "An operation of the store: `put`, `get`, `delete`, `check`, `withhold`, `release` "
    "or `erase`.",
    Span.TRANSACTION: "A transaction of the database. Images that finish together share one, in "
    "the trace of the first.",
    Span.BATCH_SLICE: "A job that generates up to twenty images of a batch. Its parent is the "
    "request that the batch was accepted by, on whichever process.",
    Span.BATCH_ITEM: "An item of a batch, from its claim to its end.",
    Span.WEBHOOK: "An attempt to deliver a webhook. Its parent is the request that the batch was "
    "accepted by; the receiver gets the span as the `traceparent` header.",
}
"""What each span covers."""
