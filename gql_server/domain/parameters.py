"""The settings of one picture, by their public names."""

import re
from dataclasses import dataclass
from typing import Final

MAX_SEED: Final = 2**53 - 1
"""The greatest whole number that every JSON client keeps exact."""
_WHOLE: Final = re.compile(r"-?[0-9]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The settings of one picture; None is "not given" or "the model has none".

    Attributes:
        negative_prompt: What the picture should not show.
        width: Pixels.
        height: Pixels.
        steps: Diffusion steps, whatever the model's own name for them.
        guidance: How closely the picture follows the prompt.
        seed: Makes a picture repeatable on models that take one.
        strength: 0 to 1, how far an image-to-image result may leave its source.
    """

    negative_prompt: str | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    guidance: float | None = None
    seed: int | None = None
    strength: float | None = None


def read_seed(value: object) -> int:
    """Read a seed, given as a whole number or as its digits; its model says how great it may be.

    Raises:
        ValueError: It is neither.
    """
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(f"A seed is a whole number from 0 to {MAX_SEED}, as a number or as text")
