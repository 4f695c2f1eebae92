"""Queries of uploads."""

from typing import Annotated

import strawberry

from gql_server.api.connections import Connection, connection
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.images.filters import requested_user
from gql_server.api.pages import PageArguments, Paginated
from gql_server.api.source_images.types import SourceImage, source_image_from
from gql_server.generation import uploads as use_cases
from gql_server.graphql.plans.fields import PLAN, ByResolver


@described
@strawberry.input
class SourceImageFilter:
    """Filters uploads. Omitted fields do not filter."""

    user_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Only uploads of this user. Only admins see uploads of other users.",
    )


@strawberry.type
class SourceImageQueries:
    """Query fields that return uploads."""

    @strawberry.field(
        description="The caller's uploads. Admins see everyone's.",
        extensions=[Paginated()],
        metadata={PLAN: ByResolver()},
    )
    async def source_images(
        self,
        info: Info,
        page: PageArguments,
        filter: Annotated[
            SourceImageFilter | None, strawberry.argument(description="Filters the uploads.")
        ] = None,
    ) -> Connection[SourceImage]:
        """Return a page of uploads."""
        return await _source_image_connection(info, page, filter)


async def _source_image_connection(
    info: Info, page: PageArguments, where: SourceImageFilter | None
) -> Connection[SourceImage]:
    """Return a page of the uploads that the caller sees.

    Raises:
        Rejected: The filter is invalid.
    """
    context = info.context
    user_id = requested_user(where)
    request = page.request()
    found = await use_cases.list_source_images(
        context.services, context.principal, request, user_id=user_id
    )
    return connection(
        found,
        [source_image_from(upload) for upload in found.rows],
        request,
        lambda: use_cases.source_image_count(context.services, context.principal, user_id=user_id),
    )
