"""How large an image will be, where its size is not set in pixels."""

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Final, Self

from pydantic import Field, model_validator

from gql_server.inference.entries import Entry
from gql_server.inference.parameter_rules import read_ratio

MEGAPIXEL: Final = 1_000_000
_SIZE: Final = re.compile(r"([0-9]{2,5})x([0-9]{2,5})")
_GRAIN: Final = 16


class Size(Entry):
    """A size in pixels."""

    width: int = Field(ge=1)
    height: int = Field(ge=1)


class DerivedSize(Entry):
    """The size of an image that is requested by its ratio, a tier, or a source image.

    It is what documentation and common sense say: providers may choose slightly other sizes.

    Attributes:
        tier: The setting that chooses the pixels; None: they are always the same.
        pixels: Pixels by the value of that setting; empty where it counts megapixels.
        default_pixels: Pixels where the setting is not set.
        keeps_source: Whether the image is as large as its source image.
        enlarges: Whether the model enlarges its source image, and makes none smaller.
    """

    tier: str | None = None
    pixels: Mapping[str, int] = Field(default_factory=dict)
    default_pixels: int = Field(default=1024 * 1024, ge=1)
    keeps_source: bool = False
    enlarges: bool = False

    @model_validator(mode="after")
    def _is_consistent(self) -> Self:
        if self.pixels and self.tier is None:
            raise ValueError("pixels by value need the setting that has the value: tier")
        return self

    def of(self, settings: Mapping[str, object], source: Size | None = None) -> Size:
        """Return the size of an image with these settings, made from a source image if any."""
        if self.keeps_source and source is not None:
            return source
        ratio = _ratio(settings.get("aspect_ratio"), source)
        height = math.sqrt(self._pixels(settings) / ratio)
        return Size(width=_rounded(height * ratio), height=_rounded(height))

    def _pixels(self, settings: Mapping[str, object]) -> int:
        value = settings.get(self.tier) if self.tier is not None else None
        if isinstance(value, int) and not self.pixels:
            return value * MEGAPIXEL
        return self.pixels.get(str(value), self.default_pixels)


def read_size(text: str) -> Size:
    """Read a size such as ``1024x768``.

    Raises:
        ValueError: It is none.
    """
    found = _SIZE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text} is not a size such as 1024x768")
    width, height = (int(side) for side in found.groups())
    return Size(width=width, height=height)


def _ratio(requested: object, source: Size | None) -> float:
    ratio = read_ratio(requested) if isinstance(requested, str) else None
    if ratio is None and source is not None:
        ratio = Fraction(source.width, source.height)
    return float(ratio or 1)


def _rounded(side: float) -> int:
    return max(_GRAIN, round(side / _GRAIN) * _GRAIN)
