"""The settings of one image, by their public names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

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
        aspect_ratio: Width to height, such as ``16:9``, or a word of the model.
        quality: The model's word for the quality of the image.
        background: The model's word for the background.
        output_format: The model's word for the file format.
        own: Settings that only this model and its like have, by the model's names.
    """

    negative_prompt: str | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    guidance: float | None = None
    seed: int | None = None
    strength: float | None = None
    aspect_ratio: str | None = None
    quality: str | None = None
    background: str | None = None
    output_format: str | None = None
    own: Mapping[str, Any] = field(default_factory=dict)

    def settings(self) -> dict[str, Any]:
        """Return every setting that is set, by its public name."""
        shared = {name: getattr(self, name) for name in _SHARED}
        return {name: value for name, value in {**shared, **self.own}.items() if value is not None}


_SHARED: Final = tuple(one.name for one in fields(Parameters) if one.name != "own")
_ALWAYS_WRITTEN: Final = frozenset(_SHARED[:7])


def parameters_to_json(parameters: Parameters) -> dict[str, Any]:
    """Write settings down, in a way that a server without the newer ones can read."""
    shared = {name: getattr(parameters, name) for name in _SHARED}
    written = {
        name: value
        for name, value in shared.items()
        if value is not None or name in _ALWAYS_WRITTEN
    }
    return written | ({"own": dict(parameters.own)} if parameters.own else {})


def parameters_from_json(written: Mapping[str, Any]) -> Parameters:
    """Read what ``parameters_to_json`` wrote; what a later version added is left out."""
    known = {name: written[name] for name in (*_SHARED, "own") if name in written}
    return Parameters(**known)


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
