"""Lines of the ledger and their sums.

Money is in billionths of a dollar, neurons in thousandths.
"""

from datetime import datetime
from typing import NamedTuple


class ChargeRecord(NamedTuple):
    """A line of the ledger: the charge of an image, or an adjustment."""

    id: str
    kind: str
    image_id: str | None
    user_id: str
    model_id: str | None
    template_id: str | None
    key_id: str | None
    amount: int
    provider_cost: int
    neurons: int
    is_preview: bool
    reason: str | None
    created_at: datetime


class CostRollup(NamedTuple):
    """The sums of lines of the ledger that agree in all that stands before ``images``."""

    grouping: int
    span: str
    is_preview: bool
    starts_at: datetime
    user_id: str
    model_id: str
    template_id: str
    key_id: str
    images: int
    amount: int
    provider_cost: int
    neurons: int

    def plus(self, other: "CostRollup") -> "CostRollup":
        """Add the sums of another roll-up of the same key."""
        return self._replace(
            images=self.images + other.images,
            amount=self.amount + other.amount,
            provider_cost=self.provider_cost + other.provider_cost,
            neurons=self.neurons + other.neurons,
        )


class ModelRollup(NamedTuple):
    """The number of a model's generations that agree in all that stands before ``generations``."""

    is_preview: bool
    model_id: str
    span: str
    starts_at: datetime
    outcome: str
    bucket: int
    generations: int

    def plus(self, other: "ModelRollup") -> "ModelRollup":
        """Add the generations of another roll-up of the same key."""
        return self._replace(generations=self.generations + other.generations)
