"""What every table of the catalogue has in common: it is frozen, and unknown keys are errors."""

from pydantic import BaseModel, ConfigDict


class Entry(BaseModel):
    """A table of the catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def check_order(minimum: float | None, maximum: float | None) -> None:
    """Check the bounds of a range.

    Raises:
        ValueError: The minimum is above the maximum.
    """
    if minimum is not None and maximum is not None and minimum > maximum:
        raise ValueError(f"minimum {minimum} is above maximum {maximum}")
