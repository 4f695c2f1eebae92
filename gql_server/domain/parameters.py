"""The settings of one image, by their public names."""

import re
from dataclasses import dataclass
from typing import Final

MAX_SEED: Final = 2**53 - 1
"""The largest whole number that every JSON client keeps exact."""
_WHOLE: Final = re.compile(r"-?[0-9]{1,20}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """The settings of one image; None means not set, or not supported by the model.

    Attributes:
        negative_prompt: What the image should not show.
        width: Pixels.
        height: Pixels.
        steps: Diffusion steps, whatever the model's own name for them.
        guidance: How closely the image follows the prompt.
        seed: Makes an image repeatable on models that accept one.
        strength: 0 to 1, how far an image-to-image result may depart from its source.
    """

    negative_prompt: str | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    guidance: float | None = None
    seed: int | None = None
    strength: float | None = None


def read_seed(value: object) -> int:
    """Read a seed from a whole number or its digits; the model has its own maximum.

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
