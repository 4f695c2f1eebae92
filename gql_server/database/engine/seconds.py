"""How long the database takes, for the metrics."""

from typing import Final

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.telemetry.metrics import DATABASE_SECONDS
from gql_server.telemetry.timing import Stopwatch


def _stopwatch(use: str) -> Stopwatch:
    return Stopwatch(
        DATABASE_SECONDS,
        use,
        outcomes={DatabaseUnavailable: "unavailable"},
        otherwise="rolled_back",
    )


PAGE: Final = _stopwatch("page")
READ: Final = _stopwatch("read")
WRITE: Final = _stopwatch("write")
