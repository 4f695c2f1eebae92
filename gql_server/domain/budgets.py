"""The scope of a budget, and its period."""

from dataclasses import dataclass
from enum import StrEnum


class BudgetScope(StrEnum):
    """Whose spending a budget limits."""

    SERVER = "server"
    USER = "user"
    KEY = "key"


class BudgetPeriod(StrEnum):
    """How often a budget resets, at midnight of its own time zone."""

    DAILY = "daily"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payer:
    """The budgets that an image is paid from: the server's, its user's, and its API key's."""

    user_id: str
    key_id: str | None = None
