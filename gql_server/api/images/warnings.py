"""Warnings about images that were generated."""

from collections.abc import Sequence

import strawberry

from gql_server.api.budgets.warnings import PayloadWarning
from gql_server.api.described import described
from gql_server.database.records.images import PartialImage
from gql_server.generation.made_sizes import other_size


@described
@strawberry.type
class SizeWarning(PayloadWarning):
    """The model returned an image of another size than requested.

    The image is stored as it is. The user is charged for the actual size, but never more than for
    the requested one.
    """

    width: int = strawberry.field(description="Width of the image, in pixels.")
    height: int = strawberry.field(description="Height of the image, in pixels.")
    requested_width: int = strawberry.field(description="Requested width, in pixels.")
    requested_height: int = strawberry.field(description="Requested height, in pixels.")


def size_warnings(image: PartialImage) -> Sequence[PayloadWarning]:
    """Warn about a stored image whose size differs from the requested one."""
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
