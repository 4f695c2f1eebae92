"""The price of an image, and the maximum that its request sets."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gql_server.domain.clock import now
from gql_server.domain.errors import DomainError, ErrorCode, InvalidInput, MaxCostExceeded
from gql_server.domain.money import MilliNeurons, NanoDollars, round_down_to_nanos
from gql_server.domain.parameters import Parameters
from gql_server.generation.services import Services
from gql_server.generation.source_images import SourceImage, fitted_size
from gql_server.inference.model import Model, Size
from gql_server.ledger.prices.price_book import ImageSize, Price


def price_of(services: Services, model: Model, size: ImageSize) -> Price:
    """Return the current price of an image of this size; the provider charges none for previews."""
    price = services.prices.price(model, size, at=now())
    if services.generator.is_preview:
        return replace(price, provider_cost=NanoDollars(0), neurons=MilliNeurons(0))
    return price


def cost_errors(max_cost: float | None, cost: int) -> Iterator[DomainError]:
    """Yield an error if a cost, in billionths of a dollar, exceeds the request's maximum."""
    if max_cost is None:
        return
    if max_cost < 0:
        yield InvalidInput(
            f"The maximum cost must be 0 or more; it is {max_cost}.",
            path=("max_cost",),
            code=ErrorCode.OUT_OF_RANGE,
        )
    elif cost > (limit := round_down_to_nanos(max_cost)):
        yield MaxCostExceeded(cost, limit)


def image_size(
    model: Model, parameters: Parameters, sources: Sequence[SourceImage], *, prompt: str = ""
) -> ImageSize:
    """Return what the price of an image depends on, defaults included."""
    size = expected_size(model, parameters, sources)
    return ImageSize(
        width=size.width,
        height=size.height,
        steps=parameters.steps or 0,
        inputs=tuple(fitted_size(model, source, size.width, size.height) for source in sources),
        settings=parameters.settings(),
        prompt_bytes=len(prompt.encode("utf-8", "surrogatepass")),
    )


def expected_size(model: Model, parameters: Parameters, sources: Sequence[SourceImage]) -> Size:
    """Return the size that an image will have, as far as it is known before it is generated."""
    if parameters.width is not None and parameters.height is not None:
        return Size(width=max(1, parameters.width), height=max(1, parameters.height))
    if model.derived_size is None:
        return model.default_size
    first = None
    if sources:
        width, height = sources[0].width, sources[0].height
        if model.derived_size.keeps_source:  # as it is sent
            width, height = fitted_size(model, sources[0], width, height)
        first = Size(width=width, height=height)
    return model.derived_size.of(parameters.settings(), first)
