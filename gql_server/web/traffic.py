"""What happens on connections, for the application to count."""

from collections.abc import Callable
from typing import NamedTuple


def _nothing() -> None:
    """Count nothing."""


class Traffic(NamedTuple):
    """Called as it happens.

    Attributes:
        on_message: A message is sent over a WebSocket.
        on_drop: A connection is ended because its client does not read.
    """

    on_message: Callable[[], None] = _nothing
    on_drop: Callable[[], None] = _nothing


UNCOUNTED = Traffic()
