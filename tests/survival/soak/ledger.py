"""What the database has at the end of a soak, as one row."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

_LEDGER: Final = """SELECT
  (SELECT count(*) FROM images),
  (SELECT count(*) FROM charges WHERE kind = 'charge'),
  (SELECT count(DISTINCT image_id) FROM charges WHERE kind = 'charge'),
  (SELECT coalesce(sum(cost), 0) FROM images),
  (SELECT coalesce(sum(amount), 0) FROM charges),
  (SELECT count(*) FROM reservations),
  (SELECT count(*) FROM batch_items WHERE status IN ('queued', 'running')),
  (SELECT count(*) FROM remote_images)"""


@dataclass(frozen=True)
class Ledger:
    """Counts and sums of the database; amounts are billionths of a dollar."""

    images: int
    charges: int
    charged_images: int
    cost: int
    charged: int
    reservations: int
    open_items: int
    remote_images: int


class SoakDatabase:
    """The database of the servers, read from outside."""

    def __init__(self, folder: Path, url: str | None) -> None:
        """Take the folder of SQLite's file, or the URL of PostgreSQL."""
        self._file = folder / "data" / "gql_server.db"
        self._url = url

    def ledger(self) -> Ledger:
        """Return what the ledger has."""
        return Ledger(*(int(value) for value in self._row(_LEDGER)))

    def image_ids(self) -> set[str]:
        """Return the IDs of all images."""
        return {str(row[0]) for row in self._rows("SELECT id FROM images")}

    def connections(self) -> int:
        """Return how many connections PostgreSQL has to this database; 0 for SQLite."""
        if not self._url:
            return 0
        query = "SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()"
        return int(self._row(query)[0])

    def _row(self, query: str) -> Sequence[int]:
        (row,) = self._rows(query)
        return row

    def _rows(self, query: str) -> Sequence[Sequence[int]]:
        if self._url:
            with psycopg.connect(self._url) as connection:
                return connection.execute(query.encode()).fetchall()
        with closing(sqlite3.connect(self._file)) as file:
            return file.execute(query).fetchall()
