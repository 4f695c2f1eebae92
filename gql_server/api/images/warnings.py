"""What there is to know of a picture though it was made."""

from collections.abc import Sequence

import strawberry

from gql_server.api.budgets.types import PayloadWarning
from gql_server.database.engine.pages import Facts
from gql_server.generation.made_sizes import other_size


@strawberry.type(
    description="The picture has another size than was asked for. It is kept and charged as it is, "
    "and never charged more than the size that was asked for."
)
class SizeWarning(PayloadWarning):
    """The picture has another size than was asked for."""

    width: int = strawberry.field(description="Width of the picture in pixels.")
    height: int = strawberry.field(description="Height of the picture in pixels.")
    requested_width: int = strawberry.field(description="Width that was asked for, in pixels.")
    requested_height: int = strawberry.field(description="Height that was asked for, in pixels.")


def size_warnings(image: Facts) -> Sequence[PayloadWarning]:
    """Warn of a kept image that has another size than was asked for."""
    found = other_size(image)
    if found is None:
        return ()
    return (
        SizeWarning(
            message=found.message,
            width=found.width,
            height=found.height,
            requested_width=found.requested_width,
            requested_height=found.requested_height,
        ),
    )
