"""Recording webhooks in the transaction of their event."""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.database.queries.webhooks import insert_webhook
from gql_server.database.tables.webhooks import WebhookRow
from gql_server.domain.clock import now, to_iso
from gql_server.domain.ids import new_id


async def record_webhook(
    connection: AsyncConnection,
    *,
    url: str,
    kind: str,
    payload: Mapping[str, Any],
    user_id: str | None,
    subject_id: str,
    traceparent: str | None = None,
) -> str:
    """Write a webhook; it is sent if, and only if, the transaction is committed.

    Call ``Webhooks.deliver_soon`` with its ID after the commit; if a crash prevents that, a sweep
    finds it some seconds later.

    Args:
        connection: The transaction of the event.
        url: The URL; it was checked when it was set.
        kind: The type of the event, such as ``batch.finished``.
        payload: ``data`` of the body.
        user_id: The owner; None: only admins see it.
        subject_id: The batch or the budget the event is about.
        traceparent: The place in a trace of the request that led to the event.

    Returns:
        The webhook's ID.
    """
    moment = now()
    webhook_id = new_id("whk")
    body = {"type": kind, "timestamp": to_iso(moment), "data": payload}
    row = WebhookRow(
        id=webhook_id,
        user_id=user_id,
        subject_id=subject_id,
        kind=kind,
        url=url,
        traceparent=traceparent,
        body=orjson.dumps(body).decode(),
        next_delivery_at=moment,
        created_at=moment,
    )
    await insert_webhook(connection, row)
    return webhook_id
