"""Images of another size than requested: their price, and the warning for their users."""

from dataclasses import dataclass, replace

import structlog

from gql_server.database.records.images import PartialImage
from gql_server.domain.money import NanoDollars
from gql_server.generation.requests.image_price import image_size, price_of
from gql_server.generation.requests.validated import ValidatedRequest
from gql_server.generation.services import Services
from gql_server.inference.generator import GeneratedPicture

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OtherSize:
    """The size of an image that differs from the requested one, in pixels.

    Attributes:
        width: Width of the image.
        height: Height of the image.
        requested_width: The requested width.
        requested_height: The requested height.
    """

    width: int
    height: int
    requested_width: int
    requested_height: int

    @property
    def message(self) -> str:
        """A message for people: both sizes, and what was charged."""
        return (
            f"The model returned {self.width} × {self.height} pixels instead of "
            f"{self.requested_width} × {self.requested_height}. The image was stored, and "
            "charged by its actual size."
        )


def other_size(image: PartialImage) -> OtherSize | None:
    """Return how the size of an image differs from the requested one, or None if it does not."""
    requested = image["parameters"]
    width, height = requested.get("width"), requested.get("height")
    if width is None or height is None or (width, height) == (image["width"], image["height"]):
        return None
    return OtherSize(image["width"], image["height"], width, height)


def priced_as_made(
    services: Services, accepted: ValidatedRequest, picture: GeneratedPicture
) -> ValidatedRequest:
    """Return the request with the price of what was made: its real size and its tokens.

    The provider bills the real size. The user is never charged more than was accepted, which is
    what their budgets reserve.
    """
    requested, made = accepted.parameters, picture.info
    size = image_size(accepted.model, requested, accepted.sources, prompt=accepted.rendered_prompt)
    is_metered = accepted.model.is_metered
    is_as_requested = (size.width, size.height) == (made.width, made.height)
    if is_as_requested and not is_metered:
        return accepted
    if not is_as_requested and requested.width is not None:
        log.warning(
            "image_size_differs",
            image=accepted.image_id,
            model=accepted.model.id,
            requested=f"{requested.width}x{requested.height}",
            made=f"{made.width}x{made.height}",
        )
    if is_metered and picture.usage is None and not services.generator.is_preview:
        log.warning("usage_not_reported", image=accepted.image_id, model=accepted.model.id)
        return accepted  # at the most that it can have cost
    made_size = size if is_metered else replace(size, width=made.width, height=made.height)
    price = price_of(services, accepted.model, replace(made_size, usage=picture.usage))
    if price.cost > accepted.price.cost:
        log.warning(
            "cost_above_estimate",
            image=accepted.image_id,
            model=accepted.model.id,
            accepted=accepted.price.cost,
            cost=price.cost,
        )
    cost = NanoDollars(min(price.cost, accepted.price.cost))
    return replace(accepted, price=replace(price, cost=cost))
