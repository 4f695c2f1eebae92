"""Errors about budgets."""

from datetime import datetime

from gql_server.domain.budgets import BudgetScope
from gql_server.domain.errors.base import DomainError, ErrorCode, NotFound, Path
from gql_server.domain.money import decimal_dollars


class BudgetExceeded(DomainError):
    """A hard budget has too little left for the request.

    Money is in billionths of a dollar. Other users' spending from the server's budget is not
    public: the message omits its figures.

    Attributes:
        detailed_message: The message with all figures, for callers who may see them.
        scope: Whose spending the budget limits.
        limit: Maximum spending per period.
        spent: Amount charged in the period.
        reserved: Amount reserved for images being generated.
        needed: What the request would cost.
        resets_at: When the next period starts.
    """

    def __init__(
        self,
        *,
        scope: BudgetScope,
        limit: int,
        spent: int,
        reserved: int,
        needed: int,
        resets_at: datetime,
    ) -> None:
        whose = {
            BudgetScope.SERVER: "The server's budget",
            BudgetScope.USER: "The user's budget",
            BudgetScope.KEY: "The API key's budget",
        }[scope]
        missing = needed - (limit - spent - reserved)
        self.detailed_message = (
            f"{whose} of ${decimal_dollars(limit)} has ${decimal_dollars(spent)} "
            f"spent and ${decimal_dollars(reserved)} reserved for images being "
            f"generated; this would cost ${decimal_dollars(needed)}, so "
            f"${decimal_dollars(missing)} are missing. It resets at "
            f"{resets_at:%Y-%m-%d %H:%M} UTC."
        )
        discreet_message = (
            f"{whose} would be exceeded by this request, which costs "
            f"${decimal_dollars(needed)}. It resets at {resets_at:%Y-%m-%d %H:%M} "
            "UTC; ask an admin of the server for details."
        )
        super().__init__(
            discreet_message if scope is BudgetScope.SERVER else self.detailed_message,
            code=ErrorCode.BUDGET_EXCEEDED,
        )
        self.scope = scope
        self.limit = limit
        self.spent = spent
        self.reserved = reserved
        self.needed = needed
        self.resets_at = resets_at


class BudgetNotFound(NotFound):
    """No budget has this ID."""

    def __init__(self, budget_id: str, *, path: Path = ("id",)) -> None:
        hint = "It may have been removed."
        super().__init__("budget", budget_id, ErrorCode.BUDGET_NOT_FOUND, path, hint=hint)
        self.budget_id = self.sought_id
