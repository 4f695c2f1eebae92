"""The interface of everything that has an id."""

import strawberry


@strawberry.interface(description="Anything that can be asked for again by its id.")
class Node:
    """Anything that can be asked for again by its id."""

    id: strawberry.ID = strawberry.field(
        description="Unique across all types, such as `img_…`, `tpl_…`, or a model's name."
    )
