"""Opening what the settings name: database, store, secrets; or what is wrong with it."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gql_server.bootstrap.store_identity import UnrecognizedStore, WrongStore, require_store
from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.engine.migration import (
    DatabaseOutdated,
    check_current,
    migrate,
)
from gql_server.database.engine.pools import (
    MIN_POOL_SIZE,
    PoolSizes,
    allowed_connections,
    pool_sizes,
    process_share,
)
from gql_server.database.engine.rights import is_denied, rights_to_migrate
from gql_server.jobs.engine_database import (
    SCHEMA as JOBS_SCHEMA,
)
from gql_server.jobs.engine_database import (
    JobTablesOutdated,
    engine_url,
    migrate_engine,
)
from gql_server.jobs.queue import JobQueue
from gql_server.processes.folder_lock import FolderInUse, locked
from gql_server.settings import Settings
from gql_server.settings.types import split_webhook_secrets
from gql_server.storage.folder import FolderStore
from gql_server.storage.private_files import close_folder_to_others, close_to_others
from gql_server.storage.signing import UrlSigner, kept_secret
from gql_server.storage.store import Store, StoreMisconfigured, StoreUnavailable
from gql_server.telemetry.tracing import TracingMissing, check_tracing
from gql_server.webhooks.signatures import written_secret

log = structlog.get_logger(__name__)

OLD_JOB_TABLES: Final = (
    "DATABASE_URL: The tables of jobs are of an older version: run `gql-server migrate` first."
)
RIGHTS: Final = "docs/running.md#rights-in-postgresql has every right that is needed"


class StartError(Exception):
    """The server cannot start; the message says how to fix it."""


async def check_start(settings: Settings) -> None:
    """Open what the settings name, and close it again; an SQLite database is migrated.

    Raises:
        StartError: Names the wrong setting and what is wrong with it.
    """
    try:
        check_tracing()
    except TracingMissing as error:
        raise StartError(str(error)) from error
    _make_data_dir(settings)
    async with open_database(settings, migrates=True) as database:
        if database.is_sqlite:
            with only_server(settings):
                pass
        await _check_job_tables(settings)
        await _check_store(settings, database)
    webhook_secrets(settings)


async def migrate_database(settings: Settings) -> str:
    """Migrate the database to the current revision; return the revision."""
    async with _database(settings) as database:
        try:
            with suppress(DatabaseOutdated):  # it answers, and is not newer
                await check_current(database)
            # First, so that a database whose revision is the newest has these tables, too.
            await migrate_engine(engine_url(settings.sqlalchemy_url))
            return await migrate(database)
        except SQLAlchemyError as error:
            if not is_denied(error):
                raise
            async with database.read() as connection:
                lacks = await rights_to_migrate(connection, jobs=JOBS_SCHEMA)
            grants = "".join(f"; {grant}" for grant in lacks)
            raise StartError(
                f"DATABASE_URL: {describe_database_error(error, settings)}{grants}. {RIGHTS}"
            ) from error


@asynccontextmanager
async def open_database(
    settings: Settings, *, migrates: bool, sizes: PoolSizes | None = None
) -> AsyncIterator[Database]:
    """Open the database of the settings, at the revision that this version needs.

    Args:
        settings: Where it is.
        migrates: Whether an SQLite database is created and migrated first.
        sizes: The sizes of its pools; None: those of the setting.

    Raises:
        StartError: It does not exist, or has another revision.
    """
    if not migrates:
        check_database_exists(settings)
    async with _database(settings, sizes) as database:
        if database.is_sqlite and migrates:
            await migrate(database, may_be_newer=settings.allow_newer_database)
        await check_current(database, may_be_newer=settings.allow_newer_database)
        yield database


async def fitting_sizes(settings: Settings) -> PoolSizes:
    """Return the sizes of a server's pools: those of the setting, or what PostgreSQL has room for.

    For processes that keep their connections; a command needs few.
    """
    setting, url = settings.database_pool_size, settings.sqlalchemy_url
    if url.get_backend_name() == "sqlite":
        return pool_sizes(setting)
    probe = Database(url, pool_sizes(MIN_POOL_SIZE))
    try:
        async with probe.read() as connection:
            share = process_share(await allowed_connections(connection))
    except (DatabaseUnavailable, SQLAlchemyError):
        return pool_sizes(setting)  # those who use the database report the error
    finally:
        await probe.close()
    if share < setting:
        log.info("database_pool_limited", setting=setting, connections=share)
    return pool_sizes(min(setting, share))


def check_database_exists(settings: Settings) -> None:
    """Check that an SQLite database exists, for commands that create none.

    Raises:
        StartError: It does not, or its folder cannot be read.
    """
    if settings.sqlalchemy_url.get_backend_name() != "sqlite":
        return
    file = Path(settings.sqlalchemy_url.database or "")
    try:
        is_there = file.exists()
    except OSError as error:
        raise StartError(
            f"{settings.database_setting}: {file}: {error.strerror}. Run this as the user that the "
            "server runs as."
        ) from error
    if not is_there:
        raise StartError(
            f"{settings.database_setting}: there is no database {file}. Run this where the server "
            f"runs, or set {settings.database_setting}; a new one is made by `gql-server migrate`."
        )


@contextmanager
def only_server(settings: Settings) -> Iterator[None]:
    """Lock an SQLite database for this server.

    Raises:
        StartError: Another server uses it.
    """
    file = Path(settings.sqlalchemy_url.database or "")
    try:
        with locked(file.with_name(f"{file.stem}.lock")):
            yield
    except FolderInUse as error:
        raise StartError(f"{settings.database_setting}: {error}") from error


def store_settings(settings: Settings) -> str:
    """Return the names of the settings of the store, for messages."""
    if settings.r2_bucket:
        return "R2_BUCKET, R2_ENDPOINT_URL and its keys"
    return f"DATA_DIR: {settings.images_dir}"


def open_folder(settings: Settings) -> FolderStore | None:
    """Return the store if it is a folder; None if it is a bucket.

    Raises:
        StartError: The secret for signed URLs can neither be read nor created.
    """
    if settings.r2_bucket:
        return None
    signer = _signer(settings) if settings.requires_auth else None
    return FolderStore(settings.images_dir, settings.server_url, signer=signer)


async def open_bucket(settings: Settings) -> Store:
    """Open the bucket of the settings.

    Raises:
        StoreMisconfigured: The settings are invalid.
    """
    # AWS's library takes a fifth of a second to import, and an embedded server does not need it.
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


def webhook_secrets(settings: Settings) -> Sequence[str]:
    """Return the secrets that webhooks are signed with, in the form that receivers use.

    With SQLite there is always one; with PostgreSQL there is none unless it is set, because
    processes on one database share no folder.

    Raises:
        StartError: The one in DATA_DIR can neither be read nor created.
    """
    if settings.webhook_secret is not None:
        return split_webhook_secrets(settings.webhook_secret)
    if settings.sqlalchemy_url.get_backend_name() != "sqlite":
        return ()
    return [written_secret(_kept_secret(settings.data_dir / "webhook_secret"))]


def describe_database_error(error: BaseException, settings: Settings) -> str:
    """Return the driver's own description of an error, without the statement or a secret."""
    found: BaseException = error
    while found.__cause__ is not None:
        found = found.__cause__
    words = next(iter(str(found).strip().splitlines()), type(found).__name__)
    return f"the database {settings.database_label} cannot be used: {words}"


def _make_data_dir(settings: Settings) -> None:
    """Create the folder for the database and the images, closed to other users of the machine."""
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(f"DATA_DIR: {settings.data_dir}: {error.strerror}") from error
    database = Path(settings.sqlalchemy_url.database or "")
    if not close_folder_to_others(settings.data_dir):
        log.warning("data_dir_is_shared", folder=str(settings.data_dir))
    close_to_others(settings.images_dir)
    if settings.sqlalchemy_url.get_backend_name() == "sqlite":
        for ending in ("", "-wal", "-shm"):  # the folder itself may be shared
            close_to_others(database.with_name(database.name + ending))


@asynccontextmanager
async def _database(settings: Settings, sizes: PoolSizes | None = None) -> AsyncIterator[Database]:
    if settings.database_url is None:
        _make_data_dir(settings)
    elif settings.sqlalchemy_url.get_backend_name() == "sqlite":
        folder = Path(settings.sqlalchemy_url.database or "").parent
        if not folder.is_dir():
            raise StartError(f"DATABASE_URL: there is no folder {folder}")
    sizes = sizes or pool_sizes(settings.database_pool_size)
    database = Database(settings.sqlalchemy_url, sizes)
    try:
        yield database
    finally:
        await database.close()


def _signer(settings: Settings) -> UrlSigner:
    if settings.url_signing_secret is not None:
        return UrlSigner(*settings.url_signing_secret.get_secret_value().encode().split())
    return UrlSigner(_kept_secret(settings.data_dir / "url_signing_secret"))


def _kept_secret(path: Path) -> bytes:
    try:
        return kept_secret(path)
    except OSError as error:
        raise StartError(f"DATA_DIR: {path}: {error.strerror}") from error


async def _check_store(settings: Settings, database: Database) -> None:
    try:
        store = open_folder(settings) or await open_bucket(settings)
        try:
            with suppress(UnrecognizedStore):  # the server starts, and says so itself
                await require_store(database, store)
                await store.check()
        finally:
            await store.close()
    except (StoreMisconfigured, WrongStore) as error:
        raise StartError(f"{store_settings(settings)}: {error}") from error
    except StoreUnavailable as error:
        log.warning("store_unavailable_at_start", reason=str(error))


async def _check_job_tables(settings: Settings) -> None:
    queue = JobQueue(engine_url(settings.sqlalchemy_url))
    try:
        await queue.check()
    except JobTablesOutdated as error:
        raise StartError(OLD_JOB_TABLES) from error
    finally:
        await queue.close()
