"""The interface of everything that has an id."""

import strawberry

from gql_server.api.described import described


@described
@strawberry.interface
class Node:
    """An object that can be fetched by its ID."""

    id: strawberry.ID = strawberry.field(
        description="Globally unique ID, such as `img_…`, `tpl_…` or a model's name."
    )
