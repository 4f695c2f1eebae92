"""The only place that wires: settings into the parts that every process works with."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gql_server.batches.work import register_batches
from gql_server.database.engine import Database, DatabaseUnavailable
from gql_server.database.image_inserts import ImageInserts
from gql_server.database.migration import is_current, migrate
from gql_server.database.notifications import listening
from gql_server.database.processes import remove_all_processes
from gql_server.domain.rate_limits import RateLimit
from gql_server.generation.counting import CountingGenerator
from gql_server.generation.parts import Parts
from gql_server.generation.running import RunningGenerations
from gql_server.inference.attempts import AttemptKind
from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.generator import Generator
from gql_server.inference.preview import PreviewGenerator
from gql_server.inference.workers_ai import WorkersAI
from gql_server.jobs.engine_database import JobTablesOutdated, engine_url, migrate_engine
from gql_server.jobs.jobs import Jobs
from gql_server.jobs.queue import JobQueue
from gql_server.ledger.budget_alerts import BudgetAlerts
from gql_server.ledger.budgets import Budgets
from gql_server.ledger.idempotency import Idempotency
from gql_server.ledger.prices import load_price_book
from gql_server.ledger.reservations import Reservations
from gql_server.processes.folder_lock import FolderInUse, locked
from gql_server.processes.lease import ProcessLease
from gql_server.processes.recurring import recurring
from gql_server.processes.shared_gate import SharedGate
from gql_server.progress.progress import Progress
from gql_server.setting_types import split_webhook_secrets
from gql_server.settings import Settings
from gql_server.storage.folder import FolderStore
from gql_server.storage.signing import UrlSigner, kept_secret
from gql_server.storage.store import Store, StoreMisconfigured, StoreUnavailable
from gql_server.webhooks.addresses import WebhookAddresses
from gql_server.webhooks.signing import WebhookSigner, written_secret
from gql_server.webhooks.webhooks import Webhooks

log = structlog.get_logger(__name__)

_SWEEP_SECONDS: Final = 60.0
_OLD_DATABASE: Final = "The database is not of this version: run `gql-server migrate` first."


class StartError(Exception):
    """The server cannot start; the message says what to mend."""


class Wiring:
    """Builds the parts from the settings; nothing is opened before ``open``.

    Attributes:
        folder: The store where it is a folder, for what serves it.
    """

    def __init__(self, settings: Settings) -> None:
        """Read what the package and the settings' files hold.

        Raises:
            CatalogueError: The catalogue of models is wrong.
            PriceBookError: The price book is wrong.
            StartError: The secret for signed addresses can neither be read nor made.
        """
        self._settings = settings
        self.catalogue: Final = load_catalogue()
        self.prices: Final = load_price_book(self.catalogue, settings.price_book)
        self.folder: Final = _folder(settings)

    @asynccontextmanager
    async def open(self, *, runs_jobs: bool) -> AsyncIterator[Parts]:
        """Open every part, and close them at the end, once what runs has had time to end.

        Args:
            runs_jobs: Whether this process does background work, or only takes it for others.
        """
        settings = self._settings
        async with AsyncExitStack() as stack:
            database = await stack.enter_async_context(open_database(settings))
            if runs_jobs and database.is_sqlite:
                stack.enter_context(_only_server(settings))
                async with database.write() as connection:
                    await remove_all_processes(connection)  # the lock says that none is alive
            store = self.folder or await _open_bucket(settings)
            stack.push_async_callback(store.close)
            generator = CountingGenerator(_make_generator(settings, database), database)
            stack.push_async_callback(generator.close)
            if self.folder is not None:
                await self.folder.sweep()
            lease = ProcessLease(database, seconds=settings.process_lease)
            await stack.enter_async_context(lease.held())
            running = RunningGenerations(deadline_seconds=settings.request_deadline)
            idempotency = Idempotency(
                database,
                lease,
                deadline_seconds=settings.request_deadline,
                start=running.start,
            )
            stack.push_async_callback(idempotency.close)
            await stack.enter_async_context(
                recurring("idempotency key sweep", idempotency.sweep, seconds=_SWEEP_SECONDS)
            )
            progress = Progress(passing=(DatabaseUnavailable,))
            await stack.enter_async_context(
                listening(database, heard=progress.publish, missed=progress.publish_all)
            )
            jobs = Jobs(
                database,
                lease,
                url=settings.sqlalchemy_url,
                concurrency=settings.job_concurrency,
                stop_seconds=settings.shutdown_timeout,
            )
            stack.push_async_callback(jobs.close)
            webhooks = Webhooks(
                database,
                jobs,
                addresses=WebhookAddresses(allow_private=settings.webhook_allow_private),
                signer=WebhookSigner(await asyncio.to_thread(webhook_secrets, settings)),
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
            parts = Parts(
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
                progress,
                ImageInserts(database),
            )
            register_batches(parts)
            if runs_jobs:
                stack.push_async_callback(jobs.stop)
                await _start(jobs)
            log.info(
                "started",
                pictures="preview" if generator.is_preview else "workers_ai",
                store="folder" if self.folder is not None else "r2",
                database=database.engine.dialect.name,
            )
            yield parts
            await asyncio.gather(
                running.stop(timeout_seconds=settings.shutdown_timeout), jobs.stop()
            )


async def check_start(settings: Settings) -> None:
    """Open what the settings name, and close it again; an SQLite database is migrated.

    Raises:
        StartError: Names the setting that is wrong and what is wrong with it.
    """
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"DATA_DIR: {settings.data_dir}: {error.strerror}") from error
    file = settings.sqlalchemy_url.database if settings.database_url is not None else None
    if settings.sqlalchemy_url.get_backend_name() == "sqlite" and file is not None:
        folder = Path(file).parent
        if not folder.is_dir():
            raise StartError(f"DATABASE_URL: there is no folder {folder}")
    try:
        async with open_database(settings) as database:
            if database.is_sqlite:
                with _only_server(settings):
                    pass
            else:
                await _check_job_tables(settings)
    except (DatabaseUnavailable, SQLAlchemyError) as error:
        raise StartError(f"DATABASE_URL: {database_fault(error)}") from error
    names = "R2_BUCKET, R2_ENDPOINT_URL and its keys" if settings.r2_bucket else "DATA_DIR"
    try:
        store = _folder(settings) or await _open_bucket(settings)
        try:
            await store.check()
        finally:
            await store.close()
    except StoreMisconfigured as error:
        raise StartError(f"{names}: {error}") from error
    except StoreUnavailable as error:
        log.warning("store_unavailable_at_start", reason=str(error))


def database_fault(error: BaseException) -> str:
    """Return the driver's own words of what is wrong, without the statement or a secret."""
    found: BaseException = error
    while found.__cause__ is not None:
        found = found.__cause__
    return f"the database cannot be used: {str(found).strip().splitlines()[0]}"


async def migrate_database(settings: Settings) -> str:
    """Bring the database to the present shape; return the revision reached."""
    async with _database(settings) as database:
        await is_current(database)  # whether it answers at all
        # First, so that a database whose revision is the newest has these tables too.
        await migrate_engine(engine_url(settings.sqlalchemy_url))
        return await migrate(database)


def webhook_secrets(settings: Settings) -> Sequence[str]:
    """Return the secrets that webhooks are signed with, in the form that receivers know.

    With SQLite there is always one; with PostgreSQL none unless it is set, for the processes on
    one database share no folder.

    Raises:
        StartError: The one in DATA_DIR can neither be read nor made.
    """
    if settings.webhook_secret is not None:
        return split_webhook_secrets(settings.webhook_secret)
    if settings.sqlalchemy_url.get_backend_name() != "sqlite":
        return ()
    return [written_secret(_kept_secret(settings.data_dir / "webhook_secret"))]


@asynccontextmanager
async def open_database(settings: Settings) -> AsyncIterator[Database]:
    """Open the database of the settings, in the shape that this version needs.

    Raises:
        StartError: It is a PostgreSQL of another shape.
    """
    async with _database(settings) as database:
        if database.is_sqlite:
            await migrate(database)
        elif not await is_current(database):
            raise StartError(_OLD_DATABASE)
        yield database


@asynccontextmanager
async def _database(settings: Settings) -> AsyncIterator[Database]:
    if settings.database_url is None:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(settings.sqlalchemy_url)
    try:
        yield database
    finally:
        await database.close()


def _folder(settings: Settings) -> FolderStore | None:
    if settings.r2_bucket:
        return None
    signer = _signer(settings) if settings.asks_for_keys else None
    return FolderStore(settings.images_dir, settings.server_url, signer=signer)


def _signer(settings: Settings) -> UrlSigner:
    if settings.url_signing_secret is not None:
        return UrlSigner(settings.url_signing_secret.get_secret_value().encode())
    return UrlSigner(_kept_secret(settings.data_dir / "url_signing_secret"))


def _kept_secret(path: Path) -> bytes:
    try:
        return kept_secret(path)
    except OSError as error:
        raise StartError(f"DATA_DIR: {path}: {error.strerror}") from error


async def _open_bucket(settings: Settings) -> Store:
    # AWS's library takes a fifth of a second to import, and an embedded server needs none of it.
    from gql_server.storage.r2 import R2Store  # noqa: PLC0415 - see above

    key, secret = settings.r2_access_key_id, settings.r2_secret_access_key
    assert settings.r2_bucket and key and secret  # noqa: S101, PT018 - settings are whole sets
    return await R2Store.open(
        bucket=settings.r2_bucket,
        access_key_id=key.get_secret_value(),
        secret_access_key=secret.get_secret_value(),
        endpoint_url=settings.r2_endpoint,
        public_url=settings.r2_public_url,
    )


def _make_generator(settings: Settings, database: Database) -> Generator:
    account, token = settings.cloudflare_account_id, settings.cloudflare_api_token
    if account is None or token is None:
        return PreviewGenerator()
    return WorkersAI(
        account_id=account,
        api_token=token.get_secret_value(),
        base_url=settings.workers_ai_base_url,
        timeout_seconds=settings.workers_ai_timeout,
        max_attempts=settings.workers_ai_max_attempts,
        gate=SharedGate(
            database,
            {
                AttemptKind.TEXT_TO_IMAGE: RateLimit(settings.workers_ai_requests_per_minute),
                AttemptKind.IMAGE_TO_IMAGE: RateLimit(
                    settings.workers_ai_requests_per_minute_image_to_image
                ),
            },
            patience_seconds=settings.request_deadline / 3,
        ),
    )


@contextmanager
def _only_server(settings: Settings) -> Iterator[None]:
    file = Path(settings.sqlalchemy_url.database or "")
    try:
        with locked(file.with_name(f"{file.stem}.lock")):
            yield
    except FolderInUse as error:
        name = "DATA_DIR" if settings.database_url is None else "DATABASE_URL"
        raise StartError(f"{name}: {error}") from error


async def _check_job_tables(settings: Settings) -> None:
    queue = JobQueue(engine_url(settings.sqlalchemy_url))
    try:
        await queue.check()
    except JobTablesOutdated as error:
        raise StartError(_OLD_DATABASE) from error
    finally:
        await queue.close()


async def _start(jobs: Jobs) -> None:
    try:
        await jobs.start()
    except JobTablesOutdated as error:
        raise StartError(_OLD_DATABASE) from error
