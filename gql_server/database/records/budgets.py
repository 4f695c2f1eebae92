"""Budgets as they are read. Money is in billionths of a dollar."""

from datetime import datetime
from typing import NamedTuple


class BudgetRecord(NamedTuple):
    """A budget."""

    id: str
    scope: str
    subject_id: str
    period: str
    time_zone: str
    amount: int
    is_hard: bool
    webhook_url: str | None
    created_at: datetime
    updated_at: datetime
