"""Delivering a webhook: an attempt, what is written of it, and when the next one is."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from time import monotonic
from typing import Any, Final, cast

import structlog

from gql_server.database.engine.engine import Database
from gql_server.database.queries.webhooks import read_webhook, record_delivery
from gql_server.database.tables.webhooks import WebhookDeliveryRow, WebhookRow
from gql_server.domain.clock import now
from gql_server.domain.ids import new_id
from gql_server.domain.webhooks import WebhookStatus
from gql_server.jobs.jobs import Jobs
from gql_server.jobs.kinds import MAX_DELAY, Job, JobRun
from gql_server.webhooks.sender import Answer, WebhookSender
from gql_server.webhooks.signing import WebhookSigner

log = structlog.get_logger(__name__)

KIND: Final = "webhooks"
DELIVERY_WAITS: Final = (5.0, 30.0, 120.0, 600.0, 3600.0, 7200.0, 14_400.0, 28_800.0, 36_000.0)
"""Seconds between the attempts of a round: ten of them in 25 hours."""

_MAX_WAIT: Final = MAX_DELAY.total_seconds()
_SERVER: Final = "server"
"""In whose turn the server's own webhooks are delivered."""


def next_job(webhook: WebhookRow | Mapping[str, Any]) -> Job:
    """Return the job of a webhook's next delivery.

    Its id is the delivery's, so that it can be enqueued again at any time.
    """
    facts = webhook.model_dump() if isinstance(webhook, WebhookRow) else webhook
    number = facts["attempts"] + 1
    return Job(
        id=f"{facts['id']}.{facts['round']}.{number}",
        kind=KIND,
        argument={"webhook": facts["id"], "round": facts["round"], "attempt": number},
        partition=facts["user_id"] or _SERVER,
        not_before=facts["next_delivery_at"],
    )


class WebhookDelivery:
    """Does the jobs of deliveries.

    How a webhook stands is in its row: what is due, and what was tried. A job is one attempt;
    that it failed is written in the row, and another job is the next.
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
        """Make an attempt, unless it was made or is not wanted any more."""
        webhook, attempt = await self._look_up(run)
        if webhook is None:
            return
        if webhook.attempts >= attempt:
            # Made by a process that may have died before it enqueued the next.
            await self._jobs.enqueue(next_job(webhook))
            return
        moment = now()
        began = monotonic()
        answer = await self._send(webhook)
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
        """Write that the server itself could not make an attempt."""
        webhook, _ = await self._look_up(run)
        if webhook is None:
            return
        log.error("webhook_given_up", webhook=webhook.id, reason=reason)
        delivery = WebhookDeliveryRow(
            id=new_id("dlv"),
            webhook_id=webhook.id,
            started_at=now(),
            duration_ms=0,
            error="The delivery failed in the server.",
        )
        await self._write(webhook, delivery, _ended(WebhookStatus.FAILED))

    async def _look_up(self, run: JobRun) -> tuple[WebhookRow | None, int]:
        argument = cast("Mapping[str, Any]", run.argument)
        async with self._database.read() as connection:
            webhook = await read_webhook(connection, argument["webhook"])
        if webhook is not None and (
            webhook.status != WebhookStatus.PENDING or webhook.round != argument["round"]
        ):
            webhook = None
        return webhook, argument["attempt"]

    async def _send(self, webhook: WebhookRow) -> Answer:
        if not self._signer.has_secret:
            return Answer(error="The server has no WEBHOOK_SECRET to sign with.")
        headers = self._signer.headers(webhook.id, now(), webhook.body, user_id=webhook.user_id)
        return await self._sender.send(webhook.url, headers, webhook.body)

    async def _record(
        self, webhook: WebhookRow, answer: Answer, delivery: WebhookDeliveryRow
    ) -> None:
        values = self._following(webhook, answer)
        is_current = await self._write(webhook, delivery, values)
        about = {"webhook": webhook.id, "attempt": webhook.attempts + 1}
        if answer.error is None:
            log.info("webhook_delivered", **about, milliseconds=delivery.duration_ms)
            return
        log.info(
            "webhook_not_delivered", **about, answered=answer.status_code, now=values["status"]
        )
        if is_current and values["status"] == WebhookStatus.PENDING:
            following = {**webhook.model_dump(), **values, "attempts": webhook.attempts + 1}
            await self._jobs.enqueue(next_job(following))

    async def _write(
        self, webhook: WebhookRow, delivery: WebhookDeliveryRow, values: Mapping[str, Any]
    ) -> bool:
        async with self._database.write() as connection:
            return await record_delivery(
                connection,
                delivery,
                round_number=webhook.round,
                attempts=webhook.attempts,
                values=values,
            )

    def _following(self, webhook: WebhookRow, answer: Answer) -> Mapping[str, Any]:
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
