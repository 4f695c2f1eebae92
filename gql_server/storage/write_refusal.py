"""Whether a store refuses writes, so that its users check it before they spend money."""

from collections.abc import Iterator
from contextlib import contextmanager

from gql_server.storage.store import StoreMisconfigured


class WriteRefusal:
    """Whether the last write was refused for a reason that only an operator can remove.

    Attributes:
        is_on: Whether it was.
    """

    def __init__(self) -> None:
        """Start with nothing refused."""
        self.is_on = False

    @contextmanager
    def observed(self) -> Iterator[None]:
        """Observe a write: a refusal turns it on, a success off. Other errors change nothing."""
        try:
            yield
        except StoreMisconfigured:
            self.is_on = True
            raise
        self.is_on = False
