"""Pictures of another size than was asked for: what they cost, and what their users are told."""

from dataclasses import dataclass, replace

import structlog

from gql_server.database.records.images import PartialImage
from gql_server.domain.money import NanoDollars
from gql_server.generation.services import Services
from gql_server.generation.validation import ValidatedRequest, image_size, price_of
from gql_server.pictures.inspection import ImageInfo

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class OtherSize:
    """The size of a picture that is not the size that was asked for.

    Attributes:
        width: Pixels of the picture.
        height: Pixels of the picture.
        requested_width: Pixels that were asked for.
        requested_height: Pixels that were asked for.
    """

    width: int
    height: int
    requested_width: int
    requested_height: int

    @property
    def message(self) -> str:
        """For people: both sizes, and what was charged."""
        return (
            f"The model returned {self.width} × {self.height} pixels in place of "
            f"{self.requested_width} × {self.requested_height}. The picture was kept and charged "
            "as it is."
        )


def other_size(image: PartialImage) -> OtherSize | None:
    """Return how the size of a kept image differs from what was asked for; None: it does not."""
    asked = image["parameters"]
    width, height = asked.get("width"), asked.get("height")
    if width is None or height is None or (width, height) == (image["width"], image["height"]):
        return None
    return OtherSize(image["width"], image["height"], width, height)


def priced_as_made(
    services: Services, accepted: ValidatedRequest, made: ImageInfo
) -> ValidatedRequest:
    """Return an accepted picture at the price of the size that it has.

    The provider bills what it made. The user is never charged more than was accepted, which is
    what their budgets hold.
    """
    asked = accepted.parameters
    if (asked.width, asked.height) == (made.width, made.height):
        return accepted
    log.warning(
        "picture_of_another_size",
        image=accepted.image_id,
        model=accepted.model.id,
        asked=f"{asked.width}x{asked.height}",
        made=f"{made.width}x{made.height}",
    )
    size = replace(
        image_size(accepted.model, asked, accepted.sources), width=made.width, height=made.height
    )
    price = price_of(services, accepted.model, size)
    cost = NanoDollars(min(price.cost, accepted.price.cost))
    return replace(accepted, price=replace(price, cost=cost))
