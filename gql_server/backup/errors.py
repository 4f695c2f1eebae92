"""Why a backup cannot be made or restored."""

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from gql_server.storage.store import StoreMisconfigured, StoreUnavailable


class BackupError(Exception):
    """A backup cannot be made or restored; the message says what to do."""


class ServerRuns(Exception):
    """A server uses the database, whose work must not be held."""


@contextmanager
def errors_of(place: str) -> Iterator[None]:
    """Name the place at which a file, a database or a store fails.

    Raises:
        BackupError: It failed.
    """
    try:
        yield
    except OSError as error:
        is_full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        what = "the disk is full" if is_full else error.strerror or str(error)
        raise BackupError(f"{place}: {what}") from error
    except sqlite3.Error as error:
        raise BackupError(f"{place}: {error}") from error
    except (StoreMisconfigured, StoreUnavailable) as error:
        raise BackupError(f"{place}: {error}") from error
