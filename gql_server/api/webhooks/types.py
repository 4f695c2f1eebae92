"""Webhooks: what was told to an address that a client gave, and how that went."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from gql_server.api.context import Info
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.nodes import Node
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.database.engine.pages import Facts
from gql_server.database.queries.webhooks import LATEST_DELIVERIES
from gql_server.domain import webhooks as domain
from gql_server.graphql.execution.weights import list_size


@strawberry.enum(description="How the telling stands.")
class WebhookStatus(Enum):
    """How the telling stands."""

    PENDING = strawberry.enum_value(
        domain.WebhookStatus.PENDING, description="It is being delivered, or will be tried again."
    )
    DELIVERED = strawberry.enum_value(
        domain.WebhookStatus.DELIVERED, description="The receiver answered 2xx."
    )
    FAILED = strawberry.enum_value(
        domain.WebhookStatus.FAILED,
        description="It was tried for a day, or the receiver answered 410: no more is tried.",
    )


@strawberry.type(description="An attempt to deliver a webhook, and what came of it.")
class WebhookDelivery:
    """An attempt to deliver a webhook."""

    started_at: datetime = strawberry.field(description="When it was sent.")
    status_code: int | None = strawberry.field(
        description="The HTTP status that the receiver answered; none where it did not."
    )
    duration_ms: int = strawberry.field(description="How long it took, in milliseconds.")
    error: str | None = strawberry.field(
        description="Why it does not count as delivered; none where it does."
    )


@strawberry.type(
    description="Something that happened, told to an address that was given for it: a signed POST, "
    "tried again until the receiver answers 2xx."
)
class Webhook(Node):
    """Something that happened, told to an address that was given for it."""

    url: str = strawberry.field(description="Where it is sent.")
    event_type: str = strawberry.field(
        description="What happened: the `type` in the body, such as `batch.finished` or "
        "`budget.threshold_reached`."
    )
    subject_id: strawberry.ID = strawberry.field(
        description="What it tells of, such as the batch `bat_…` or the budget `bdg_…`."
    )
    status: WebhookStatus = strawberry.field(description="How the telling stands.")
    next_delivery_at: datetime | None = strawberry.field(
        description="When it is tried next; none unless it is PENDING."
    )
    delivered_at: datetime | None = strawberry.field(
        description="When it was heard last; none while it never was."
    )
    created_at: datetime = strawberry.field(description="When it happened.")

    @strawberry.field(
        description=f"The latest {LATEST_DELIVERIES} attempts to deliver it, the newest first.",
        metadata=list_size(LATEST_DELIVERIES),
    )
    async def deliveries(self, info: Info) -> list[WebhookDelivery]:
        """List the attempts."""
        found = await info.context.webhook_deliveries.load(self.id)
        return [
            WebhookDelivery(
                started_at=facts["started_at"],
                status_code=facts["status_code"],
                duration_ms=facts["duration_ms"],
                error=facts["error"],
            )
            for facts in found
        ]


@strawberry.input(description="The webhook to deliver again.")
class RedeliverWebhookInput:
    """The webhook to deliver again."""

    id: strawberry.ID = strawberry.field(description="The webhook, `whk_…`.")


@strawberry.type(description="The webhook, on its way again, or what kept it from being so.")
class RedeliverWebhookPayload:
    """The webhook, on its way again, or what kept it from being so."""

    webhook: Webhook | None = strawberry.field(
        description="The webhook; none when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Everything that is wrong with the request, at once.", metadata=ERROR_LIST
    )


@strawberry.type
class WebhookMutations:
    """What is done to webhooks."""

    @strawberry.mutation(
        description="Deliver a webhook again, whether it was heard or not: the same body with the "
        "same `webhook-id`, at once, and tried for another day."
    )
    async def redeliver_webhook(
        self,
        info: Info,
        input: Annotated[
            RedeliverWebhookInput, strawberry.argument(description="The webhook to deliver again.")
        ],
    ) -> RedeliverWebhookPayload:
        """Deliver a webhook again."""
        context = info.context
        try:
            facts = await context.parts.webhooks.redeliver(context.principal, input.id)
        except REPORTABLE as error:
            return RedeliverWebhookPayload(webhook=None, user_errors=user_errors(error))
        return RedeliverWebhookPayload(webhook=webhook_from(facts), user_errors=[])


def webhook_from(facts: Facts) -> Webhook:
    """Shape a row for clients."""
    return Webhook(
        id=strawberry.ID(facts["id"]),
        url=facts["url"],
        event_type=facts["kind"],
        subject_id=strawberry.ID(facts["subject_id"]),
        status=WebhookStatus(facts["status"]),
        next_delivery_at=facts["next_delivery_at"],
        delivered_at=facts["delivered_at"],
        created_at=facts["created_at"],
    )


async def find_webhooks(info: Info, ids: Sequence[str]) -> dict[str, Webhook]:
    """Find the caller's webhooks by id; one that is not there is left out."""
    found = await info.context.parts.webhooks.find(info.context.principal, ids)
    return {webhook_id: webhook_from(facts) for webhook_id, facts in found.items()}


async def webhooks_of(info: Info, subject_id: str) -> list[Webhook]:
    """List the latest webhooks of a batch or a budget that the caller sees, the newest first."""
    found = await info.context.subject_webhooks.load(subject_id)
    return [webhook_from(facts) for facts in found]
