"""Queries of webhooks."""

from typing import Annotated

import strawberry

from gql_server.api.connections import Connection, connection
from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.enums import domain_member
from gql_server.api.images.filters import validate_user
from gql_server.api.pages import PageArguments, Paginated
from gql_server.api.webhooks.types import Webhook, WebhookStatus, webhook_from
from gql_server.database.queries import webhooks as rows
from gql_server.domain import webhooks as domain
from gql_server.domain.errors import Rejected
from gql_server.domain.text import list_errors
from gql_server.graphql.plans.fields import PLAN, ByResolver
from gql_server.webhooks.webhooks import KEPT

MAX_SUBJECTS = 100


@described
@strawberry.input
class WebhookFilter:
    """Filters webhooks.

    Omitted fields do not filter.
    """

    status: list[WebhookStatus] | None = strawberry.field(
        default=None,
        description="Only webhooks with one of these delivery statuses. Any status when omitted.",
    )
    subject_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="Only webhooks about one of these objects, such as a batch `bat_…`; at most "
        f"{MAX_SUBJECTS}.",
    )
    user_id: strawberry.ID | None = strawberry.field(
        default=None,
        description="Only webhooks of this user. Only admins see webhooks of other users.",
    )


@strawberry.type
class WebhookQueries:
    """Query fields that return webhooks."""

    @strawberry.field(
        description="The caller's webhooks. Finished ones are deleted after the days that the "
        f"operator sets, by default {KEPT.days}. Admins see everyone's, and those about the "
        "server's own budgets.",
        extensions=[Paginated()],
        metadata={PLAN: ByResolver()},
    )
    async def webhooks(
        self,
        info: Info,
        page: PageArguments,
        filter: Annotated[
            WebhookFilter | None, strawberry.argument(description="Filters the webhooks.")
        ] = None,
    ) -> Connection[Webhook]:
        """Return a page of webhooks."""
        return await _webhook_connection(info, page, filter)


async def _webhook_connection(
    info: Info, page: PageArguments, where: WebhookFilter | None
) -> Connection[Webhook]:
    """List webhooks.

    Raises:
        InvalidInput: The page arguments are invalid.
        Rejected: The filter is invalid.
    """
    context = info.context
    request = page.request()
    fields = where or WebhookFilter()
    errors = [
        *validate_user(fields.user_id),
        *list_errors(fields.subject_ids, path=("filter", "subject_ids"), limit=MAX_SUBJECTS),
    ]
    if errors:
        raise Rejected(errors)
    statuses = fields.status
    webhook_filter = rows.WebhookFilter(
        user_id=fields.user_id,
        statuses=tuple({domain_member(domain.WebhookStatus, one) for one in statuses})
        if statuses is not None
        else None,
        subject_ids=tuple(fields.subject_ids) if fields.subject_ids is not None else None,
    )
    webhooks, principal = context.services.webhooks, context.principal
    found = await webhooks.page(principal, webhook_filter, request)
    return connection(
        found,
        [webhook_from(row) for row in found.rows],
        request,
        lambda: webhooks.count(principal, webhook_filter),
    )
