"""Whose spending a budget bounds, and how often it starts anew."""

from dataclasses import dataclass
from enum import StrEnum


class BudgetScope(StrEnum):
    """Whose spending counts."""

    SERVER = "server"
    USER = "user"
    KEY = "key"


class BudgetPeriod(StrEnum):
    """How often a budget starts anew, at midnight of its own time zone."""

    DAILY = "daily"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """Whose budgets a picture is paid from: the server's, its user's, and its API key's."""

    user_id: str
    key_id: str | None = None
