"""Queries of any object, by ID."""

from collections.abc import Sequence
from typing import Annotated, Final

import strawberry

from gql_server.api.api_keys.types import find_api_keys
from gql_server.api.batches.items import find_batch_items
from gql_server.api.batches.types import find_batches
from gql_server.api.budgets.types import find_budgets
from gql_server.api.context import Info
from gql_server.api.erasures.types import find_erasures
from gql_server.api.generations.types import find_generations
from gql_server.api.images.types import find_images
from gql_server.api.nodes import Node
from gql_server.api.source_images.types import find_source_images
from gql_server.api.templates.types import find_templates
from gql_server.api.webhooks.types import find_webhooks
from gql_server.domain.errors import ErrorCode, InvalidInput

MAX_NODES: Final = 100


@strawberry.type
class NodeQueries:
    """Query fields that return objects of any type."""

    @strawberry.field(
        description="Any object by its ID. Null when the caller has no object with this ID."
    )
    async def node(
        self,
        info: Info,
        id: Annotated[
            strawberry.ID,
            strawberry.argument(
                description="ID of the object, such as `img_…`, `bat_…` or a model's name."
            ),
        ],
    ) -> Node | None:
        """Return an object."""
        return (await _find_nodes(info, [id]))[0]

    @strawberry.field(description="Several objects by their IDs, in the order of the IDs.")
    async def nodes(
        self,
        info: Info,
        ids: Annotated[
            list[strawberry.ID],
            strawberry.argument(
                description=f"IDs of the objects, such as `img_…`; at most {MAX_NODES}."
            ),
        ],
    ) -> list[Node | None]:
        """Return several objects."""
        if len(ids) > MAX_NODES:
            raise InvalidInput(
                f"Ask for at most {MAX_NODES} ids at once; {len(ids)} were given.",
                path=("ids",),
                code=ErrorCode.TOO_MANY,
            )
        return await _find_nodes(info, ids)


async def _find_nodes(info: Info, ids: Sequence[strawberry.ID]) -> list[Node | None]:
    found: dict[str, Node] = {}
    for prefix, find in (
        ("img_", find_images),
        ("src_", find_source_images),
        ("tpl_", find_templates),
        ("bdg_", find_budgets),
        ("bat_", find_batches),
        ("itm_", find_batch_items),
        ("gen_", find_generations),
        ("ers_", find_erasures),
        ("key_", find_api_keys),
        ("whk_", find_webhooks),
    ):
        matching = [node_id for node_id in ids if node_id.startswith(prefix)]
        if matching:
            found |= await find(info, matching)
    for node_id in ids:
        model = info.context.models.find(node_id)
        if model is not None:
            found[node_id] = model
    return [found.get(node_id) for node_id in ids]
