"""Delivering a webhook: an attempt, its record, and the time of the next one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from time import monotonic
from typing import Any, Final, cast

import structlog

from gql_server.database.engine.engine import Database
from gql_server.database.queries.webhooks import read_webhook, record_delivery
from gql_server.database.records.webhooks import WebhookRecord
from gql_server.database.tables.webhooks import WebhookDeliveryRow
from gql_server.domain.clock import now
from gql_server.domain.ids import new_id
from gql_server.domain.webhooks import WebhookStatus
from gql_server.jobs.jobs import Jobs
from gql_server.jobs.kinds import MAX_DELAY, Job, JobRun
from gql_server.telemetry.metrics import WEBHOOK_DELIVERIES, WEBHOOK_SECONDS
from gql_server.telemetry.spans import Span
from gql_server.telemetry.trace_context import TraceContext
from gql_server.telemetry.tracing import span, trace_headers
from gql_server.webhooks.sender import Answer, WebhookSender
from gql_server.webhooks.signatures import WebhookSigner

log = structlog.get_logger(__name__)

KIND: Final = "webhooks"
DELIVERY_WAITS: Final = (5.0, 30.0, 120.0, 600.0, 3600.0, 7200.0, 14_400.0, 28_800.0, 36_000.0)
"""Seconds between the attempts of a round: ten of them in 25 hours."""

_OUTCOMES: Final = {
    WebhookStatus.DELIVERED: "delivered",
    WebhookStatus.PENDING: "retried",
    WebhookStatus.FAILED: "failed",
}
_MAX_WAIT: Final = MAX_DELAY.total_seconds()
_SERVER: Final = "server"
"""Partition of the server's own webhooks."""


def next_job(webhook: WebhookRecord) -> Job:
    """Return the job of a webhook's next delivery.

    Its ID is derived from the delivery, so that it can be enqueued again at any time.
    """
    number = webhook.attempts + 1
    return Job(
        id=f"{webhook.id}.{webhook.round}.{number}",
        kind=KIND,
        argument={"webhook": webhook.id, "round": webhook.round, "attempt": number},
        partition=webhook.user_id or _SERVER,
        not_before=webhook.next_delivery_at,
    )


@dataclass(frozen=True, slots=True)
class _Attempt:
    """A delivery to attempt."""

    webhook: WebhookRecord
    body: str
    number: int


class WebhookDelivery:
    """Runs the jobs of deliveries.

    The state of a webhook is in its row: what is due, and what was tried. A job is one attempt; its
    failure is written in the row, and the next attempt is another job.
    """

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        signer: WebhookSigner,
        sender: WebhookSender,
        *,
        waits: Sequence[float],
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._signer = signer
        self._sender = sender
        self._waits = tuple(waits)

    async def deliver(self, run: JobRun) -> None:
        """Make an attempt, unless it has been made or is no longer due."""
        attempt = await self._look_up(run)
        if attempt is None:
            return
        webhook = attempt.webhook
        if webhook.attempts >= attempt.number:
            # Made by a process that may have died before it enqueued the next.
            await self._jobs.enqueue(next_job(webhook))
            return
        moment = now()
        began = monotonic()
        answer = await self._send(attempt)
        await self._record(
            webhook,
            answer,
            WebhookDeliveryRow(
                id=new_id("dlv"),
                webhook_id=webhook.id,
                started_at=moment,
                status_code=answer.status_code,
                duration_ms=round((monotonic() - began) * 1000),
                error=answer.error,
            ),
        )

    async def give_up(self, run: JobRun, reason: str) -> None:
        """Record that the server itself could not make an attempt."""
        attempt = await self._look_up(run)
        if attempt is None:
            return
        webhook = attempt.webhook
        log.error("webhook_given_up", webhook=webhook.id, reason=reason)
        delivery = WebhookDeliveryRow(
            id=new_id("dlv"),
            webhook_id=webhook.id,
            started_at=now(),
            duration_ms=0,
            error="The delivery failed in the server.",
        )
        WEBHOOK_DELIVERIES.labels("failed").inc()
        await self._write(webhook, delivery, _ended(WebhookStatus.FAILED))

    async def _look_up(self, run: JobRun) -> _Attempt | None:
        argument = cast("Mapping[str, Any]", run.argument)
        async with self._database.read() as connection:
            found = await read_webhook(connection, argument["webhook"])
        if found is None:
            return None
        webhook, body = found
        if webhook.status != WebhookStatus.PENDING or webhook.round != argument["round"]:
            return None
        return _Attempt(webhook, body, argument["attempt"])

    async def _send(self, attempt: _Attempt) -> Answer:
        if not self._signer.has_secret:
            return Answer(error="The server has no WEBHOOK_SECRET to sign with.")
        webhook, body = attempt.webhook, attempt.body
        headers = self._signer.headers(webhook.id, now(), body, user_id=webhook.user_id)
        parent = TraceContext.read(webhook.traceparent or "")
        with span(
            Span.WEBHOOK,
            parent,
            gql_server__webhook=webhook.id,
            gql_server__attempt=attempt.number,
        ) as recorded:
            answer = await self._sender.send(webhook.url, {**headers, **trace_headers()}, body)
            recorded.set(http__response__status_code=answer.status_code)
        return answer

    async def _record(
        self, webhook: WebhookRecord, answer: Answer, delivery: WebhookDeliveryRow
    ) -> None:
        values = self._following(webhook, answer)
        WEBHOOK_DELIVERIES.labels(_OUTCOMES[WebhookStatus(values["status"])]).inc()
        WEBHOOK_SECONDS.observe(delivery.duration_ms / 1000)
        is_current = await self._write(webhook, delivery, values)
        about = {"webhook": webhook.id, "attempt": webhook.attempts + 1}
        if answer.error is None:
            log.info("webhook_delivered", **about, milliseconds=delivery.duration_ms)
            return
        log.info(
            "webhook_not_delivered", **about, answered=answer.status_code, now=values["status"]
        )
        if is_current and values["status"] == WebhookStatus.PENDING:
            following = webhook._replace(**values, attempts=webhook.attempts + 1)
            await self._jobs.enqueue(next_job(following))

    async def _write(
        self, webhook: WebhookRecord, delivery: WebhookDeliveryRow, values: Mapping[str, Any]
    ) -> bool:
        async with self._database.write() as connection:
            return await record_delivery(
                connection,
                delivery,
                round_number=webhook.round,
                attempts=webhook.attempts,
                values=values,
            )

    def _following(self, webhook: WebhookRecord, answer: Answer) -> Mapping[str, Any]:
        if answer.error is None:
            return {**_ended(WebhookStatus.DELIVERED), "delivered_at": now()}
        if answer.status_code == HTTPStatus.GONE or webhook.attempts >= len(self._waits):
            return _ended(WebhookStatus.FAILED)
        wait = self._waits[webhook.attempts]
        if answer.retry_after is not None:
            wait = max(wait, min(answer.retry_after, _MAX_WAIT))
        return {
            "status": WebhookStatus.PENDING,
            "next_delivery_at": now() + timedelta(seconds=wait),
        }


def _ended(status: WebhookStatus) -> Mapping[str, Any]:
    return {"status": status, "next_delivery_at": None}
