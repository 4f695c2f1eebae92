"""Comparisons of the store with the database, as the audit reads them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple


class StoreAuditRecord(NamedTuple):
    """How far a comparison has come."""

    state: Mapping[str, Any]
    report: Mapping[str, Any]
    last_report: Mapping[str, Any] | None
    until: str
    started_at: datetime
    updated_at: datetime
