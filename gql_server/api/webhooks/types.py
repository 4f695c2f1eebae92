"""Webhooks and their deliveries."""

from collections.abc import Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated

import strawberry

from gql_server.api.context import Info
from gql_server.api.described import described
from gql_server.api.errors import REPORTABLE, user_errors
from gql_server.api.nodes import Node
from gql_server.api.user_error_types import ERROR_LIST, UserError
from gql_server.database.queries.webhooks import LATEST_DELIVERIES
from gql_server.database.records.webhooks import WebhookRecord
from gql_server.domain import webhooks as domain
from gql_server.graphql.execution.weights import list_size


@described
@strawberry.enum
class WebhookStatus(Enum):
    """Delivery status of a webhook."""

    PENDING = strawberry.enum_value(
        domain.WebhookStatus.PENDING, description="Delivery is in progress or will be retried."
    )
    DELIVERED = strawberry.enum_value(
        domain.WebhookStatus.DELIVERED, description="The receiver returned a 2xx status."
    )
    FAILED = strawberry.enum_value(
        domain.WebhookStatus.FAILED,
        description="Delivery failed for a day, or the receiver returned 410. No more "
        "attempts are made.",
    )


@described
@strawberry.type
class WebhookDelivery:
    """An attempt to deliver a webhook, and its result."""

    started_at: datetime = strawberry.field(description="When the attempt was sent.")
    status_code: int | None = strawberry.field(
        description="HTTP status of the response. Null when there was none."
    )
    duration_ms: int = strawberry.field(description="Duration of the attempt, in milliseconds.")
    error: str | None = strawberry.field(
        description="Why the attempt failed. Null when it succeeded."
    )


@described
@strawberry.type
class Webhook(Node):
    """A webhook: a signed POST about an event, retried until the receiver returns a 2xx status."""

    id: strawberry.ID = strawberry.field(description="Globally unique ID of the webhook, `whk_…`.")
    url: str = strawberry.field(description="URL the webhook is sent to.")
    event_type: str = strawberry.field(
        description="Type of the event, such as `batch.finished` or "
        "`budget.threshold_reached`. The body has it as `type`."
    )
    subject_id: strawberry.ID = strawberry.field(
        description="ID of the object the event is about, such as a batch `bat_…` or a "
        "budget `bdg_…`."
    )
    status: WebhookStatus = strawberry.field(description="Delivery status.")
    next_delivery_at: datetime | None = strawberry.field(
        description="When the next delivery is attempted. Null unless the status is PENDING."
    )
    delivered_at: datetime | None = strawberry.field(
        description="When the webhook was last delivered. Null if it never was."
    )
    created_at: datetime = strawberry.field(description="When the event happened.")

    @strawberry.field(
        description=f"The latest {LATEST_DELIVERIES} delivery attempts, newest first.",
        metadata=list_size(LATEST_DELIVERIES),
    )
    async def deliveries(self, info: Info) -> list[WebhookDelivery]:
        """List the attempts."""
        found = await info.context.loaders.deliveries.load(self.id)
        return [
            WebhookDelivery(
                started_at=delivery.started_at,
                status_code=delivery.status_code,
                duration_ms=delivery.duration_ms,
                error=delivery.error,
            )
            for delivery in found
        ]


@described
@strawberry.input
class RedeliverWebhookInput:
    """The webhook to redeliver."""

    id: strawberry.ID = strawberry.field(description="ID of the webhook, `whk_…`.")


@described
@strawberry.type
class RedeliverWebhookPayload:
    """The webhook, or the errors that prevented its redelivery."""

    webhook: Webhook | None = strawberry.field(
        description="The webhook. Null when there are errors."
    )
    user_errors: list[UserError] = strawberry.field(
        description="Every error in the request. Empty when the request succeeded.",
        metadata=ERROR_LIST,
    )


@strawberry.type
class WebhookMutations:
    """What is done to webhooks."""

    @strawberry.mutation(
        description="Redelivers a webhook, whether or not it was delivered before: sends the same "
        "body with the same `webhook-id` immediately, and retries for another day."
    )
    async def redeliver_webhook(
        self,
        info: Info,
        input: Annotated[
            RedeliverWebhookInput, strawberry.argument(description="The webhook to redeliver.")
        ],
    ) -> RedeliverWebhookPayload:
        """Deliver a webhook again."""
        context = info.context
        try:
            webhook = await context.services.webhooks.redeliver(context.principal, input.id)
        except REPORTABLE as error:
            return RedeliverWebhookPayload(webhook=None, user_errors=user_errors(error))
        return RedeliverWebhookPayload(webhook=webhook_from(webhook), user_errors=[])


def webhook_from(webhook: WebhookRecord) -> Webhook:
    """Shape a row for clients."""
    return Webhook(
        id=strawberry.ID(webhook.id),
        url=webhook.url,
        event_type=webhook.kind,
        subject_id=strawberry.ID(webhook.subject_id),
        status=WebhookStatus(webhook.status),
        next_delivery_at=webhook.next_delivery_at,
        delivered_at=webhook.delivered_at,
        created_at=webhook.created_at,
    )


async def find_webhooks(info: Info, ids: Sequence[str]) -> dict[str, Webhook]:
    """Find the caller's webhooks by id; one that is not there is left out."""
    found = await info.context.services.webhooks.find(info.context.principal, ids)
    return {webhook_id: webhook_from(webhook) for webhook_id, webhook in found.items()}


async def webhooks_of(info: Info, subject_id: str) -> list[Webhook]:
    """List the latest webhooks of a batch or a budget that the caller sees, the newest first."""
    found = await info.context.loaders.latest_webhooks.load(subject_id)
    return [webhook_from(webhook) for webhook in found]
