"""The transports that a client watches by."""

from enum import StrEnum


class Transport(StrEnum):
    """A transport; each needs less of the network than the one before."""

    WEBSOCKET = "WebSocket"
    EVENTS = "event stream"
    POLLING = "polling"
