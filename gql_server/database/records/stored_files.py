"""Rows whose file is in the store, as an audit of the store reads them."""

from datetime import datetime
from typing import NamedTuple


class StoredFile(NamedTuple):
    """The file of an image or an upload, as its row describes it."""

    id: str
    storage_key: str
    size_bytes: int
    created_at: datetime
    missing_since: datetime | None
