"""What the view takes from clients, and what it shows them."""

from dataclasses import dataclass

from gql_server.graphql.server.playground import Playground
from gql_server.web.load import Load


@dataclass(frozen=True, slots=True)
class ViewOptions:
    """What the view takes, and what it shows."""

    max_body_bytes: int = 8 * 1024 * 1024
    max_files: int = 10
    max_file_bytes: int = 20 * 1024 * 1024
    body_seconds: float = 30
    operations: int = 0
    """How many operations one request may hold; 0: a request is one operation."""
    origins: tuple[str, ...] = ()
    """The origins whose pages may open a WebSocket."""
    init_seconds: float = 10
    """How long a WebSocket may take until its ``connection_init``."""
    send_seconds: float = 30
    """How long a WebSocket may take no data until it is dropped."""
    operations_at_once: int = 100
    """How many operations one WebSocket may have."""
    playground: Playground | None = None
    """The page that a browser gets; None: it gets none."""
    load: Load | None = None
    """What the process works on; None: operations over WebSockets are not limited by it."""
    takes_get: bool = True
    """Whether GET takes any query, or only one that is named by its hash."""
