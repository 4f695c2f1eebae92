"""Queries of batches."""

from typing import Annotated

import strawberry

from gql_server.api.batches.types import Batch, BatchStatus, batch_from, find_batches
from gql_server.api.connections import Connection, connection
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.enums import domain_member
from gql_server.api.images.filters import validate_user
from gql_server.api.pages import PageArguments, Paginated
from gql_server.batches import queries as use_cases
from gql_server.database.queries import batches as rows
from gql_server.domain import batches as domain
from gql_server.domain.errors import Rejected
from gql_server.graphql.plans.fields import PLAN, ByResolver


@described
@strawberry.input
class BatchFilter:
    """Filters batches.

    Omitted fields do not filter.
    """

    status: list[BatchStatus] | None = strawberry.field(
        default=None, description="Only batches with one of these statuses."
    )
    user_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Only batches of this user. Only admins see batches of other users.",
    )


BatchFilterArgument = Annotated[
    BatchFilter | None, strawberry.argument(description="Filters the batches.")
]


@strawberry.type
class BatchQueries:
    """Query fields that return batches."""

    @strawberry.field(
        description="A batch of the caller. Null when there is none with this ID. Admins can "
        "query any batch.",
        metadata={PLAN: ByResolver()},
    )
    async def batch(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="ID of the batch, `bat_…`.")],
    ) -> Batch | None:
        """Return a batch."""
        return (await find_batches(info, [id])).get(id)

    @strawberry.field(
        description="The caller's batches. Admins see everyone's.",
        extensions=[Paginated()],
        metadata={PLAN: ByResolver()},
    )
    async def batches(
        self, info: Info, page: PageArguments, filter: BatchFilterArgument = None
    ) -> Connection[Batch]:
        """Return a page of batches."""
        return await _batch_connection(info, page, filter)


async def _batch_connection(
    info: Info, page: PageArguments, where: BatchFilter | None
) -> Connection[Batch]:
    """List batches.

    Raises:
        InvalidInput: The page arguments are invalid.
        Rejected: The filter is invalid.
    """
    context = info.context
    request = page.request()
    fields = where or BatchFilter()
    errors = list(validate_user(fields.user_id))
    if errors:
        raise Rejected(errors)
    batch_filter = rows.BatchFilter(
        user_id=fields.user_id,
        statuses=tuple({domain_member(domain.BatchStatus, one) for one in fields.status})
        if fields.status is not None
        else None,
    )
    found = await use_cases.list_batches(context.services, context.principal, batch_filter, request)

    async def count() -> int:
        return await use_cases.count_batches(context.services, context.principal, batch_filter)

    return connection(found, [batch_from(context, row) for row in found.rows], request, count)
