"""The size nearest to a requested one that a model can generate, and how to request it."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from gql_server.inference.model import Model, Size
from gql_server.inference.parameter_rules import ParameterRule, read_ratio
from gql_server.inference.sizes import DerivedSize, read_size


@dataclass(frozen=True, slots=True)
class NearestSize:
    """What to request of a model so that its image is as near to a size as it can be.

    Attributes:
        size: The expected size of the image in pixels; None: that of its source image.
        settings: Settings that models share, by name: width and height, or an aspect ratio.
        own: Settings that only this model and its like have.
    """

    size: Size | None
    settings: Mapping[str, Any] = field(default_factory=dict)
    own: Mapping[str, Any] = field(default_factory=dict)


def nearest_size(model: Model, requested: Size) -> NearestSize:
    """Return the nearest size that a model can generate: first by its ratio, then by its pixels."""
    if model.fixed_size is not None:
        return NearestSize(model.fixed_size)
    if model.sizes:
        nearest = min(map(read_size, model.sizes), key=lambda size: _distance(size, requested))
        return _in_pixels(nearest)
    if "width" in model.parameters:
        return _in_pixels(_fitted(model, requested))
    derived = model.derived_size
    if derived is None or derived.keeps_source:
        return NearestSize(None)
    return _by_ratio(model, derived, requested)


def _in_pixels(size: Size) -> NearestSize:
    return NearestSize(size, {"width": size.width, "height": size.height})


def _fitted(model: Model, requested: Size) -> Size:
    """Scale a size into the model's bounds, and round its sides to what the model accepts."""
    rules = (model.parameters["width"], model.parameters["height"])
    sides = (requested.width, requested.height)
    most = [rule.maximum / side for rule, side in zip(rules, sides, strict=True) if rule.maximum]
    least = [rule.minimum / side for rule, side in zip(rules, sides, strict=True) if rule.minimum]
    scale = min([max([1.0, *least]), *most])
    width, height = (_rounded(rule, side * scale) for rule, side in zip(rules, sides, strict=True))
    return Size(width=width, height=height)


def _rounded(rule: ParameterRule, side: float) -> int:
    step = rule.multiple_of or 1
    steps = round(side / step)
    if rule.maximum is not None:
        steps = min(steps, math.floor(rule.maximum / step))
    if rule.minimum is not None:
        steps = max(steps, math.ceil(rule.minimum / step))
    return max(1, steps) * step


def _by_ratio(model: Model, derived: DerivedSize, requested: Size) -> NearestSize:
    settings: dict[str, Any] = {}
    own: dict[str, Any] = {}
    rule = model.parameters.get("aspect_ratio")
    if rule is not None:
        ratio = _nearest_ratio(rule, Fraction(requested.width, requested.height))
        if ratio is not None:
            settings["aspect_ratio"] = ratio
    if derived.tier is not None and derived.pixels:
        area = requested.width * requested.height
        nearest = min(derived.pixels, key=lambda name: _apart(derived.pixels[name], area))
        own[derived.tier] = nearest
    return NearestSize(derived.of({**settings, **own}), settings, own)


def _nearest_ratio(rule: ParameterRule, requested: Fraction) -> str | None:
    if rule.choices:
        named = {ratio: str(name) for name, ratio in _ratios(rule)}
        return named[min(named, key=lambda ratio: _apart(ratio, requested))] if named else None
    narrowest, widest = read_ratio(rule.narrowest or ""), read_ratio(rule.widest or "")
    if narrowest is not None and requested < narrowest:
        return rule.narrowest
    if widest is not None and requested > widest:
        return rule.widest
    return f"{requested.numerator}:{requested.denominator}"


def _ratios(rule: ParameterRule) -> Iterator[tuple[str | int, Fraction]]:
    for name in rule.choices:
        ratio = read_ratio(str(name))
        if ratio is not None:
            yield name, ratio


def _distance(size: Size, requested: Size) -> tuple[float, float]:
    ratio = _apart(Fraction(size.width, size.height), Fraction(requested.width, requested.height))
    return round(ratio, 6), _apart(size.width * size.height, requested.width * requested.height)


def _apart(one: Fraction | float, other: Fraction | float) -> float:
    """Return how far two positive numbers are apart, the same for twice as for half."""
    return abs(math.log(float(one) / float(other)))
