"""Queries of API keys."""

from typing import Annotated

import strawberry

from gql_server.access import keys as use_cases
from gql_server.api.api_keys.types import ApiKey, api_key_from
from gql_server.api.connections import Connection, connection
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.images.filters import requested_user
from gql_server.api.pages import PageArguments, Paginated
from gql_server.graphql.plans.fields import PLAN, ByResolver


@described
@strawberry.input
class ApiKeyFilter:
    """Filters API keys.

    Omitted fields do not filter.
    """

    user_id: strawberry.ID | None = strawberry.field(
        default=None, description="Only keys of this user."
    )


@strawberry.type
class ApiKeyQueries:
    """Query fields that return API keys."""

    @strawberry.field(
        description="API keys, including revoked ones. Requires the admin role.",
        extensions=[Paginated()],
        metadata={PLAN: ByResolver()},
    )
    async def api_keys(
        self,
        info: Info,
        page: PageArguments,
        filter: Annotated[
            ApiKeyFilter | None, strawberry.argument(description="Filters the API keys.")
        ] = None,
    ) -> Connection[ApiKey]:
        """Return a page of API keys."""
        return await _api_key_connection(info, page, filter)


async def _api_key_connection(
    info: Info, page: PageArguments, where: ApiKeyFilter | None
) -> Connection[ApiKey]:
    """Return a page of keys.

    Raises:
        Rejected: The filter is invalid.
    """
    context = info.context
    request = page.request()
    user_id = requested_user(where)
    database, principal = context.services.database, context.principal
    found = await use_cases.list_keys(database, principal, request, user_id=user_id)
    return connection(
        found,
        [api_key_from(row) for row in found.rows],
        request,
        lambda: use_cases.key_count(database, principal, user_id=user_id),
    )
