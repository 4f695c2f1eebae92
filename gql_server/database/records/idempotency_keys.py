"""Idempotency keys as they are read."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple


class KeyRecord(NamedTuple):
    """An idempotency key in use.

    ``is_held`` says whether a living process works on it.
    """

    input_hash: str
    result_id: str
    accepted: Mapping[str, Any] | None
    error: Mapping[str, Any] | None
    process_id: str
    completed_at: datetime | None
    is_held: bool
