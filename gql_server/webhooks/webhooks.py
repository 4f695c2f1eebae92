"""The interface of webhooks for the rest of the server."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

import structlog

from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.engine.pages import Page, PageRequest
from gql_server.database.queries.webhooks import (
    WebhookFilter,
    begin_round,
    count_webhooks,
    find_deliveries,
    find_due_webhooks,
    find_latest_webhooks,
    find_webhooks,
    remove_old_webhooks,
    webhook_page,
)
from gql_server.database.records.webhooks import DeliveryRecord, WebhookRecord
from gql_server.domain.clock import now
from gql_server.domain.errors import InvalidInput, Path, WebhookNotFound
from gql_server.domain.principal import EVERYONE, Principal
from gql_server.domain.webhooks import WebhookStatus
from gql_server.jobs.jobs import Jobs
from gql_server.telemetry.metrics import RETENTION_ERASED
from gql_server.webhooks.addresses import WebhookAddresses
from gql_server.webhooks.delivery import DELIVERY_WAITS, KIND, WebhookDelivery, next_job
from gql_server.webhooks.sender import WebhookSender
from gql_server.webhooks.signatures import WebhookSigner

log = structlog.get_logger(__name__)

_CONCURRENCY: Final = 16
_CONCURRENCY_PER_USER: Final = 4
_SWEEP_SECONDS: Final = 10.0
_OVERDUE: Final = timedelta(seconds=10)
_CHUNK: Final = 200
KEPT: Final = timedelta(days=90)
"""How long a finished webhook is kept by default, to be read and sent again."""
_PRUNE_SECONDS: Final = 3600.0


class Webhooks:
    """Checks URLs, and delivers what was recorded."""

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        *,
        addresses: WebhookAddresses,
        signer: WebhookSigner,
        sender: WebhookSender | None = None,
        waits: Sequence[float] = DELIVERY_WAITS,
        kept: timedelta | None = KEPT,
    ) -> None:
        """Take the services it works with.

        Args:
            database: The database of webhooks.
            jobs: Runs the deliveries.
            addresses: Decides where webhooks may go.
            signer: Signs them.
            sender: Sends them; None: one that follows ``addresses``.
            waits: Seconds between the attempts.
            kept: How long finished webhooks are kept; None: for good.
        """
        self._database = database
        self._jobs = jobs
        self._addresses = addresses
        self._signer = signer
        self._kept = kept
        self._sender = sender or WebhookSender(addresses)
        self._delivery = WebhookDelivery(database, jobs, signer, self._sender, waits=waits)

    def register(self) -> None:
        """Register the deliveries, before jobs run."""
        self._jobs.register(
            KIND,
            self._delivery.deliver,
            on_failure=self._delivery.give_up,
            concurrency=_CONCURRENCY,
            concurrency_per_partition=_CONCURRENCY_PER_USER,
        )
        self._jobs.add_sweep("webhooks", self.sweep, seconds=_SWEEP_SECONDS)
        if self._kept is not None:
            self._jobs.add_sweep("old webhooks", self.prune, seconds=_PRUNE_SECONDS)

    def secrets_of(self, user_id: str) -> Sequence[str]:
        """Return the secrets that verify a user's webhooks; none if webhooks are not signed."""
        return self._signer.secrets_of(user_id)

    async def check_address(self, url: str, *, path: Path = ("webhook_url",)) -> None:
        """Check whether webhooks may go to a URL that a client sets.

        Raises:
            InvalidInput: They may not, or the server cannot sign them.
        """
        if not self._signer.has_secret:
            raise InvalidInput(
                "Webhooks are not configured. The operator sets WEBHOOK_SECRET.",
                path=path,
            )
        await self._addresses.check(url, path=path)

    async def deliver_soon(self, webhook_id: str) -> None:
        """Enqueue the delivery of a webhook, after the commit of its transaction.

        Never fails: what cannot be enqueued now is found by the sweep.
        """
        try:
            await self._enqueue(webhook_id)
        except DatabaseUnavailable as error:
            log.warning("webhook_not_enqueued", webhook=webhook_id, reason=str(error))

    async def redeliver(self, principal: Principal, webhook_id: str) -> WebhookRecord:
        """Start deliveries of a webhook again, whether or not it was delivered.

        Raises:
            WebhookNotFound: The caller has no such webhook.
        """
        async with self._database.write() as connection:
            if not await begin_round(
                connection, webhook_id, user_id=principal.owner_filter(), moment=now()
            ):
                raise WebhookNotFound(webhook_id)
        await self.deliver_soon(webhook_id)
        return (await self.find(principal, [webhook_id]))[webhook_id]

    async def find(self, principal: Principal, ids: Collection[str]) -> Mapping[str, WebhookRecord]:
        """Return the caller's webhooks by ID. Missing ones are left out."""
        async with self._database.read() as connection:
            return await find_webhooks(connection, ids, user_id=principal.owner_filter())

    async def page(
        self, principal: Principal, where: WebhookFilter, request: PageRequest
    ) -> Page[WebhookRecord]:
        """Return one page of the webhooks that the caller sees."""
        async with self._database.read() as connection:
            return await webhook_page(connection, _seen(where, principal), request)

    async def count(self, principal: Principal, where: WebhookFilter) -> int:
        """Count the webhooks of a list."""
        async with self._database.read() as connection:
            return await count_webhooks(connection, _seen(where, principal))

    async def latest_of(
        self, principal: Principal, subject_ids: Collection[str], *, limit: int
    ) -> Mapping[str, Sequence[WebhookRecord]]:
        """Return the latest webhooks of batches or budgets by their subject, newest first."""
        async with self._database.read() as connection:
            return await find_latest_webhooks(
                connection, subject_ids, user_id=principal.owner_filter(), limit=limit
            )

    async def deliveries_of(
        self, webhook_ids: Collection[str]
    ) -> Mapping[str, Sequence[DeliveryRecord]]:
        """Return the latest delivery attempts of webhooks that the caller owns, newest first."""
        async with self._database.read() as connection:
            return await find_deliveries(connection, webhook_ids)

    async def sweep(self, *, overdue: timedelta = _OVERDUE) -> None:
        """Enqueue overdue deliveries; those already in the queue are left as they are."""
        before = now() - overdue
        last = None
        while True:
            async with self._database.read() as connection:
                due = await find_due_webhooks(connection, before=before, after=last, limit=_CHUNK)
            if due:
                await self._jobs.enqueue(*(next_job(webhook) for webhook in due))
            if len(due) < _CHUNK:
                return
            after_this = due[-1].next_delivery_at
            last = None if after_this is None else (after_this, due[-1].id)

    async def prune(self) -> None:
        """Delete finished webhooks that are too old."""
        if self._kept is None:
            return
        removed = _CHUNK
        while removed == _CHUNK:
            before = now() - self._kept
            async with self._database.write() as connection:
                removed = await remove_old_webhooks(connection, before=before, limit=_CHUNK)
            RETENTION_ERASED.labels("webhooks").inc(removed)

    async def close(self) -> None:
        """Close all connections to receivers."""
        await self._sender.close()

    async def _enqueue(self, webhook_id: str) -> None:
        found = (await self.find(EVERYONE, [webhook_id])).get(webhook_id)
        if found is not None and found.status == WebhookStatus.PENDING:
            await self._jobs.enqueue(next_job(found))


def _seen(where: WebhookFilter, principal: Principal) -> WebhookFilter:
    return replace(where, user_id=principal.owner_filter(where.user_id))
