"""The only place that turns settings into the services of a process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Final

import structlog

from gql_server.batches.registration import register_batches
from gql_server.bootstrap.image_files import image_files_of
from gql_server.bootstrap.provenance import marker_of
from gql_server.bootstrap.resources import (
    OLD_JOB_TABLES,
    StartError,
    fitting_sizes,
    only_server,
    open_bucket,
    open_database,
    open_folder,
    store_settings,
    webhook_secrets,
)
from gql_server.bootstrap.retention import days, retention_of
from gql_server.bootstrap.store_identity import UnrecognizedStore, WrongStore, require_store
from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.engine.notifications import listening
from gql_server.database.queries.image_inserts import ImageInserts
from gql_server.database.queries.processes import remove_all_processes
from gql_server.domain.rate_limits import RateLimit
from gql_server.erasure.registration import register_erasure
from gql_server.generation.failure_metrics import CountingGenerator
from gql_server.generation.late_images import finish_late_images
from gql_server.generation.services import Services, UploadQuota
from gql_server.generation.tasks import RunningGenerations
from gql_server.idempotency.keys import Idempotency
from gql_server.inference.attempts import AttemptKind
from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.generator import Generator
from gql_server.inference.overrides import read_overrides
from gql_server.inference.preview import PreviewGenerator
from gql_server.inference.workers_ai import WorkersAI
from gql_server.jobs.engine_database import JobTablesOutdated
from gql_server.jobs.jobs import Jobs
from gql_server.ledger.audit.store_sweep import sweep_store
from gql_server.ledger.budgets.alerts import BudgetAlerts
from gql_server.ledger.budgets.budgets import Budgets
from gql_server.ledger.budgets.reservations import Reservations
from gql_server.ledger.prices.price_book import load_price_book
from gql_server.outbound.addresses import PublicAddresses
from gql_server.processes.lease import ProcessLease
from gql_server.processes.provider_rate_limit import SharedRateLimiter
from gql_server.processes.recurring import recurring
from gql_server.progress.progress import Progress
from gql_server.settings import Settings
from gql_server.storage.store import Store, StoreMisconfigured
from gql_server.telemetry.tracing import traced
from gql_server.webhooks.addresses import WebhookAddresses
from gql_server.webhooks.signatures import WebhookSigner
from gql_server.webhooks.webhooks import Webhooks

log = structlog.get_logger(__name__)

_SWEEP_SECONDS: Final = 60.0
_IDLE_SECONDS: Final = 5.0
_STORE_SWEEP_SECONDS: Final = 600.0
"""How often it is tried whether a night has come."""


class Wiring:
    """Builds the services from the settings; nothing is opened before ``open``.

    Attributes:
        folder: The store if it is a folder, for serving it.
        marker: What marks images.
    """

    def __init__(self, settings: Settings) -> None:
        """Read the files of the package and those that the settings name.

        Raises:
            CatalogueError: The catalogue of models is invalid.
            OverridesError: The file that changes the catalogue is invalid.
            PriceBookError: The price book is invalid.
            StartError: The secret for signed URLs can neither be read nor created, or images
                cannot be signed.
        """
        self._settings = settings
        self.catalogue: Final = load_catalogue(overrides=read_overrides(settings.model_overrides))
        self.prices: Final = load_price_book(self.catalogue, settings.price_book)
        self.folder: Final = open_folder(settings)
        self.marker: Final = marker_of(settings)

    @asynccontextmanager
    async def open(self, *, runs_jobs: bool) -> AsyncIterator[Services]:
        """Open every service, and close them at the end, after running work had time to finish.

        Args:
            runs_jobs: Whether this process runs background jobs, or only enqueues them.
        """
        settings = self._settings
        async with AsyncExitStack() as stack:
            stack.enter_context(traced(shows_prompts=settings.trace_prompts))
            database = await stack.enter_async_context(
                _opened_database(settings, runs_jobs=runs_jobs)
            )
            store = self.folder or await open_bucket(settings)
            stack.push_async_callback(store.close)
            await _require_store(settings, database, store)
            generator = CountingGenerator(_make_generator(settings, database), database)
            stack.push_async_callback(generator.close)
            if self.folder is not None:
                await self.folder.sweep()
            lease = ProcessLease(database, seconds=settings.process_lease)
            await stack.enter_async_context(lease.held())
            running = RunningGenerations(
                deadline_seconds=settings.request_deadline, limit=settings.max_generations
            )
            idempotency = Idempotency(
                database,
                lease,
                deadline_seconds=settings.request_deadline,
                start=running.start,
            )
            stack.push_async_callback(idempotency.close)
            await stack.enter_async_context(idempotency.swept(seconds=_SWEEP_SECONDS))
            await stack.enter_async_context(
                recurring("idle connections", database.give_back_idle, seconds=_IDLE_SECONDS)
            )
            progress = Progress(transient_errors=(DatabaseUnavailable,))
            await stack.enter_async_context(
                listening(database, on_message=progress.publish, on_gap=progress.publish_all)
            )
            jobs = Jobs(
                database,
                lease,
                url=settings.sqlalchemy_url,
                concurrency=settings.job_concurrency,
                stop_seconds=settings.shutdown_timeout,
                connections=database.sizes.jobs,
            )
            stack.push_async_callback(jobs.close)
            await stack.enter_async_context(
                recurring("idle job connections", jobs.give_back_idle, seconds=_IDLE_SECONDS)
            )
            webhooks = Webhooks(
                database,
                jobs,
                addresses=WebhookAddresses(allow_private=settings.webhook_allow_private),
                signer=WebhookSigner(await asyncio.to_thread(webhook_secrets, settings)),
                kept=days(settings.retention_webhooks_days),
            )
            stack.push_async_callback(webhooks.close)
            webhooks.register()
            budgets = Budgets(
                database,
                lease,
                is_preview=generator.is_preview,
                check_webhook=webhooks.check_address,
            )
            alerts = BudgetAlerts(budgets, deliver_soon=webhooks.deliver_soon)
            await stack.enter_async_context(alerts.watched())
            reservations = Reservations(budgets, spent=alerts.spent)
            await stack.enter_async_context(
                recurring("reservation sweep", reservations.sweep, seconds=settings.process_lease)
            )
            files = await stack.enter_async_context(image_files_of(settings, database, store, jobs))
            services = Services(
                self.catalogue,
                self.prices,
                generator,
                store,
                database,
                running,
                idempotency,
                budgets,
                reservations,
                jobs,
                webhooks,
                settings.batch_concurrency,
                settings.queued_images_per_user,
                progress,
                ImageInserts(database),
                files,
                UploadQuota(settings.uploads_per_user, settings.upload_bytes_per_user),
                self.marker,
            )
            register_batches(services)
            register_erasure(services, retention_of(settings))
            await stack.enter_async_context(
                recurring(
                    "late images", partial(finish_late_images, services), seconds=_SWEEP_SECONDS
                )
            )
            if runs_jobs:
                await stack.enter_async_context(
                    recurring(
                        "store comparison",
                        partial(sweep_store, database, store),
                        seconds=_STORE_SWEEP_SECONDS,
                    )
                )
                stack.push_async_callback(jobs.stop)
                await _start(jobs)
            log.info(
                "started",
                pictures="preview" if generator.is_preview else "workers_ai",
                store="folder" if self.folder is not None else "r2",
                database=database.engine.dialect.name,
            )
            yield services
            await asyncio.gather(
                running.stop(timeout_seconds=settings.shutdown_timeout), jobs.stop()
            )


def _make_generator(settings: Settings, database: Database) -> Generator:
    account, token = settings.cloudflare_account_id, settings.cloudflare_api_token
    if account is None or token is None:
        return PreviewGenerator()
    gateway_token = settings.ai_gateway_token
    return WorkersAI(
        account_id=account,
        api_token=token.get_secret_value(),
        gateway_token=gateway_token.get_secret_value() if gateway_token is not None else None,
        base_url=settings.workers_ai_base_url,
        gateway_id=settings.ai_gateway_id,
        gateway_logs_payloads=settings.ai_gateway_log_payloads,
        addresses=PublicAddresses(allow_private=settings.provider_allow_private),
        timeout_seconds=settings.workers_ai_timeout,
        max_attempts=settings.workers_ai_max_attempts,
        limiter=SharedRateLimiter(
            database,
            {
                AttemptKind.TEXT_TO_IMAGE: RateLimit(settings.workers_ai_requests_per_minute),
                AttemptKind.IMAGE_TO_IMAGE: RateLimit(
                    settings.workers_ai_requests_per_minute_image_to_image
                ),
                AttemptKind.THIRD_PARTY: RateLimit(
                    settings.workers_ai_requests_per_minute_third_party
                ),
            },
            max_wait_seconds=settings.request_deadline / 3,
        ),
    )


@asynccontextmanager
async def _opened_database(settings: Settings, *, runs_jobs: bool) -> AsyncIterator[Database]:
    sizes = await fitting_sizes(settings)
    async with open_database(settings, migrates=True, sizes=sizes) as database:
        if not (runs_jobs and database.is_sqlite):
            yield database
            return
        with only_server(settings):
            async with database.write() as connection:
                await remove_all_processes(connection)  # the lock proves that none is alive
            yield database


async def _require_store(settings: Settings, database: Database, store: Store) -> None:
    try:
        await require_store(database, store)
    except UnrecognizedStore as error:
        log.error("store_unrecognized", reason=str(error))  # noqa: TRY400 - an operator's mistake
    except WrongStore as error:
        raise StartError(f"{store_settings(settings)}: {error}") from error
    except StoreMisconfigured as error:
        log.warning("store_not_identified", reason=str(error))


async def _start(jobs: Jobs) -> None:
    try:
        await jobs.start()
    except JobTablesOutdated as error:
        raise StartError(OLD_JOB_TABLES) from error
