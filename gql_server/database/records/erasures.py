"""Erasures as they are read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple


class ErasureRecord(NamedTuple):
    """An erasure."""

    id: str
    kind: str
    user_id: str
    images: Mapping[str, Any] | None
    total: int
    purged: int
    created_at: datetime
    finished_at: datetime | None
