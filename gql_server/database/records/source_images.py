"""Uploaded images as they are read."""

from datetime import datetime
from typing import NamedTuple


class SourceImageRecord(NamedTuple):
    """An uploaded image."""

    id: str
    user_id: str
    storage_key: str
    width: int
    height: int
    content_type: str
    size_bytes: int
    created_at: datetime
    deleted_at: datetime | None
    missing_since: datetime | None
