"""Snapshots of SQLite databases while a server uses them."""

import hashlib
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

from gql_server.backup.errors import BackupError, errors_of

_PAGES_AT_ONCE: Final = 4096
_BUSY_SECONDS: Final = 30.0
_CHUNK: Final = 1024 * 1024
_KEYS_AT_ONCE: Final = 500
_UPLOADS: Final = (
    "SELECT storage_key, size_bytes FROM source_images WHERE deleted_at IS NULL AND storage_key"
)
_UNMOVED: Final = (
    "SELECT storage_key, size_bytes FROM images "
    "WHERE purged_at IS NULL AND withheld_at IS NULL AND storage_key"
)
_MOVED: Final = (
    "SELECT withheld_key, size_bytes FROM images "
    "WHERE purged_at IS NULL AND withheld_at IS NOT NULL AND withheld_key"
)
_FILES: Final = (_UNMOVED, _MOVED, _UPLOADS)
"""Statements about the sizes of files; the keys follow."""

_FILES_BEFORE: Final = ("SELECT storage_key, size_bytes FROM images WHERE storage_key", _UPLOADS)
"""Those for a database that does not know withheld files yet."""


def take_snapshots(
    files: Sequence[tuple[Path, Path]],
    *,
    on_progress: Callable[[int, int], None],
    pages_at_once: int = _PAGES_AT_ONCE,
) -> None:
    """Copy databases as they are at one moment, and check the copies.

    Every database is read in one transaction from the start, so the servers that write to it
    meanwhile are neither seen nor kept waiting. The transactions begin one after the other, in the
    order of the files.

    Args:
        files: Each database, and the new file of its copy.
        on_progress: Called with the copied and the total number of pages.
        pages_at_once: How many are copied between two calls of that.

    Raises:
        BackupError: A database cannot be read or is damaged, or a copy cannot be written.
    """
    with ExitStack() as stack:
        sources = []
        for path, _ in files:
            with errors_of(str(path)):
                source = sqlite3.connect(
                    f"{path.absolute().as_uri()}?mode=rw",
                    uri=True,
                    isolation_level=None,
                    timeout=_BUSY_SECONDS,
                )
                stack.callback(source.close)
                source.execute("BEGIN")
                # Only a read fixes what the transaction sees.
                source.execute("SELECT count(*) FROM sqlite_master").fetchone()
                sources.append(source)
        for source, (_, copy) in zip(sources, files, strict=True):
            with errors_of(str(copy.parent)), closing(sqlite3.connect(copy)) as target:
                source.backup(
                    target,
                    pages=pages_at_once,
                    progress=lambda _, left, total: on_progress(total - left, total),
                )
                target.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
    for path, copy in files:
        with errors_of(str(copy.parent)), closing(sqlite3.connect(copy)) as target:
            (found,) = target.execute("PRAGMA quick_check(1)").fetchone()
        if found != "ok":
            raise BackupError(f"{path}: the database is damaged: {found}")


class Snapshot:
    """A copy of the server's database, of any version."""

    def __init__(self, path: Path) -> None:
        """Take its file."""
        self._path = path

    def revision(self) -> str | None:
        """Return the revision of its tables; None if it has none."""
        return self._value("SELECT version_num FROM alembic_version")

    def store_id(self) -> str | None:
        """Return the ID of the store that has the images; None if it knows none."""
        return self._value("SELECT store_id FROM stores")

    def count_images(self) -> int:
        """Return the number of images and uploads that have a file."""
        statements = (
            "SELECT count(*) FROM images",
            "SELECT count(*) FROM source_images WHERE deleted_at IS NULL",
        )
        return sum(int(self._value(statement) or 0) for statement in statements)

    def sizes(self, keys: Collection[str]) -> dict[str, int]:
        """Return the sizes of the files that should be under these keys."""
        found: dict[str, int] = {}
        left = list(keys)
        with closing(sqlite3.connect(self._path)) as connection:
            statements = _FILES if self._has_withheld(connection) else _FILES_BEFORE
            while left:
                some, left = left[:_KEYS_AT_ONCE], left[_KEYS_AT_ONCE:]
                marks = ", ".join("?" * len(some))
                for statement in statements:
                    found |= dict(connection.execute(f"{statement} IN ({marks})", some))
        return found

    def _has_withheld(self, connection: sqlite3.Connection) -> bool:
        columns = connection.execute("SELECT name FROM pragma_table_info('images')")
        return ("withheld_key",) in set(columns)

    def _value(self, statement: str) -> str | None:
        with closing(sqlite3.connect(self._path)) as connection:
            try:
                row = connection.execute(statement).fetchone()
            except sqlite3.OperationalError:  # an older version had no such table
                return None
        return None if row is None else str(row[0])


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        for chunk in _chunks(file.read):
            digest.update(chunk)
    return digest.hexdigest()


def _chunks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while chunk := read(_CHUNK):
        yield chunk
