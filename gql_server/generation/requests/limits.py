"""Limits of settings that depend on one another, or on the source image."""

from collections.abc import Iterator, Sequence

from gql_server.domain.errors import ErrorCode, InvalidInput, Path
from gql_server.domain.parameters import Parameters
from gql_server.generation.source_images import SourceImage
from gql_server.inference.model import Model
from gql_server.inference.parameter_limits import ParameterLimit
from gql_server.inference.parameter_rules import SHARED_NAMES
from gql_server.inference.sizes import MEGAPIXEL
from gql_server.inference.unit_prices import all_hold


def limit_errors(model: Model, parameters: Parameters) -> Iterator[InvalidInput]:
    """Report settings that are too large together with the others."""
    settings = parameters.settings()
    first: dict[str, ParameterLimit] = {}
    for limit in model.limits:
        if limit.parameter not in first and all_hold(limit.when, settings):
            first[limit.parameter] = limit
    for name, limit in first.items():
        value = settings.get(name)
        if isinstance(value, int | float) and value > limit.maximum:
            with_others = " and ".join(
                f"{other.replace('_', ' ')} {settings.get(other)}" for other in limit.when
            )
            together = f" with {with_others}" if with_others else " with these settings"
            yield InvalidInput(
                f"{name.replace('_', ' ')} must be at most {limit.maximum}{together}; it is "
                f"{value}.",
                path=_path(name),
                code=ErrorCode.OUT_OF_RANGE,
            )


def enlargement_errors(
    model: Model, parameters: Parameters, sources: Sequence[SourceImage]
) -> Iterator[InvalidInput]:
    """Report a size below the source image's for a model that enlarges it."""
    size = model.derived_size
    if size is None or not size.enlarges or size.tier is None or not sources:
        return
    value = parameters.settings().get(size.tier)
    least = sources[0].width * sources[0].height // MEGAPIXEL  # less than one may be lost
    largest = model.parameters[size.tier].maximum
    if largest is not None and least > largest:
        yield InvalidInput(
            f"{model.name} enlarges images to at most {largest} megapixels; the source image has "
            f"{least}.",
            path=("source_image_ids",),
            code=ErrorCode.OUT_OF_RANGE,
        )
    elif isinstance(value, int) and value < least:
        yield InvalidInput(
            f"{model.name} enlarges images: {size.tier} must be at least {least}, the megapixels "
            f"of the source image; it is {value}.",
            path=_path(size.tier),
            code=ErrorCode.OUT_OF_RANGE,
        )


def _path(name: str) -> Path:
    return (name,) if name in SHARED_NAMES else ("parameters", name)
