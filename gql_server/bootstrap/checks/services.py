"""Checks of the database, the store, and Workers AI, each by using it."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Executable, func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from gql_server.bootstrap.checks.finding import Finding, failure, ok, warning
from gql_server.bootstrap.operator_errors import describe
from gql_server.bootstrap.resources import (
    StartError,
    check_database_exists,
    open_bucket,
    open_database,
    open_folder,
    store_settings,
    webhook_secrets,
)
from gql_server.bootstrap.store_identity import WrongStore, require_store
from gql_server.database.engine.engine import Database
from gql_server.database.engine.migration import head_revision
from gql_server.database.engine.pools import allowed_connections, process_share
from gql_server.database.engine.rights import rights_to_migrate
from gql_server.database.queries.processes import register_process
from gql_server.database.tables.access import ApiKeyRow
from gql_server.domain.clock import now
from gql_server.domain.ids import new_id
from gql_server.inference.workers_ai.listing import fetch_listing
from gql_server.inference.workers_ai.listing_calls import ListingFailed
from gql_server.jobs.engine_database import SCHEMA as JOBS_SCHEMA
from gql_server.settings import Settings
from gql_server.storage.store import StoredObject, StoreMisconfigured, StoreUnavailable

_MAX_CLOCK_SECONDS: Final = 2.0
_TRIAL: Final = b"gql-server check"


class _RolledBack(Exception):
    """Ends a transaction that is to leave nothing."""


async def check_database(settings: Settings) -> AsyncIterator[Finding]:
    """Check the database's version, the role's rights, a write, the clock, and the keys."""
    try:
        if _has_no_folder(settings):
            folder = Path(settings.sqlalchemy_url.database or "").parent
            yield failure("database", f"There is no folder {folder}.", "Create it.")
            return
        if _is_not_created(settings):
            file = settings.database_label
            message = f"There is no database {file} yet, so the store is not checked either."
            fix = "Start the server, which creates it, or run `gql-server migrate`."
            yield warning("database", message, fix)
            return
        check_database_exists(settings)
        async with open_database(settings, migrates=False) as database:
            async for finding in _check_opened(settings, database):
                yield finding
            yield await _check_store(settings, database)
    except Exception as error:
        reason = describe(error, settings)
        if reason is None:
            raise
        yield failure("database", reason)


def _has_no_folder(settings: Settings) -> bool:
    """Return whether DATABASE_URL names a file in no folder; the server creates DATA_DIR only."""
    url = settings.sqlalchemy_url
    is_named = settings.database_url is not None and url.get_backend_name() == "sqlite"
    return is_named and not Path(url.database or "").parent.is_dir()


def _is_not_created(settings: Settings) -> bool:
    url = settings.sqlalchemy_url
    return url.get_backend_name() == "sqlite" and not Path(url.database or "").exists()


async def _check_opened(settings: Settings, database: Database) -> AsyncIterator[Finding]:
    async with database.read() as connection:
        yield await _version(connection)
        if not database.is_sqlite:
            yield await _connections(settings, connection)
            lacks = await rights_to_migrate(connection, jobs=JOBS_SCHEMA)
            if lacks:
                fix = f"Let a superuser execute: {'; '.join(lacks)}"
                yield warning("rights", "The role cannot migrate the database.", fix)
            else:
                yield ok("rights", "The role may migrate the database.")
            yield await _clock(connection)
        keys = await _value(connection, select(func.count()).select_from(ApiKeyRow))
        if settings.requires_auth and not keys and settings.oidc_issuer is None:
            fix = "Run `gql-server keys create --user NAME --role admin`."
            yield warning("access", "There is no API key yet, so no caller is admitted.", fix)
    try:
        async with database.write() as connection:
            await register_process(connection, new_id("prc"))
            raise _RolledBack
    except _RolledBack:
        yield ok("database", "A write was accepted, and rolled back.")


async def _value(connection: AsyncConnection, statement: Executable) -> Any:
    return (await connection.execute(statement)).scalar_one()


async def _version(connection: AsyncConnection) -> Finding:
    if connection.dialect.name == "sqlite":
        version = await _value(connection, text("SELECT sqlite_version()"))
        return ok("database", f"SQLite {version}, revision {head_revision()}.")
    version = await _value(connection, text("SHOW server_version"))
    return ok("database", f"PostgreSQL {version}, revision {head_revision()}.")


async def _connections(settings: Settings, connection: AsyncConnection) -> Finding:
    allowed, size = await allowed_connections(connection), settings.database_pool_size
    opened = min(size, process_share(allowed))
    message = f"PostgreSQL allows {allowed} connections; a process opens up to {opened}."
    if size > allowed:
        return warning(
            "connections", message, "Lower DATABASE_POOL_SIZE, or raise max_connections."
        )
    return ok("connections", message)


async def _clock(connection: AsyncConnection) -> Finding:
    before = now()
    theirs: datetime = await _value(connection, text("SELECT clock_timestamp()"))
    ours = before + (now() - before) / 2
    seconds = abs((theirs - ours).total_seconds())
    message = f"The clock of this machine differs from the database's by {seconds:.1f} seconds."
    if seconds > _MAX_CLOCK_SECONDS:
        return warning("clock", message, "Synchronize both clocks by NTP.")
    return ok("clock", message)


async def _check_store(settings: Settings, database: Database) -> Finding:
    key = f"generated/{new_id('img')}.png"
    try:
        store = open_folder(settings) or await open_bucket(settings)
        try:
            await require_store(database, store)
            await store.check()
            await store.put(key, StoredObject(data=_TRIAL, content_type="image/png"))
            try:
                found = await store.get(key)
            finally:
                await store.delete(key)
        finally:
            await store.close()
    except (StartError, StoreMisconfigured, StoreUnavailable, WrongStore) as error:
        return failure("store", str(error), f"Check {store_settings(settings)}.")
    if found is None or found.data != _TRIAL:
        return failure("store", "What was written is not what was read.", "Report it.")
    kind = "bucket" if settings.r2_bucket else "folder"
    return ok("store", f"The {kind} took a write, a read and a delete.")


async def check_workers_ai(settings: Settings) -> Finding:
    """Check the account and the token by reading the list of models, which costs nothing."""
    account, token = settings.cloudflare_account_id, settings.cloudflare_api_token
    if account is None or token is None:
        return ok("Workers AI", "No account is set: the server draws previews.")
    try:
        found = await fetch_listing(
            account_id=account,
            api_token=token.get_secret_value(),
            base_url=settings.workers_ai_base_url,
        )
    except ListingFailed as error:
        names = (
            "CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_TOKEN, which requires the Workers AI "
            "permission"
            if error.is_refusal
            else "WORKERS_AI_BASE_URL, and whether this machine reaches it"
        )
        return failure("Workers AI", str(error), f"Check {names}.")
    return ok("Workers AI", f"The account lists {len(found)} text-to-image models.")


def check_webhooks(settings: Settings) -> Finding:
    """Check whether webhooks can be signed."""
    if settings.webhook_secret is not None:
        return ok("webhooks", "WEBHOOK_SECRET signs webhooks.")
    if settings.sqlalchemy_url.get_backend_name() == "sqlite":
        return ok("webhooks", "A secret in DATA_DIR signs webhooks.")
    assert not webhook_secrets(settings)  # noqa: S101 - with PostgreSQL only a setting gives one
    fix = "Set WEBHOOK_SECRET: whsec_ and 24 to 64 random bytes in base64."
    return warning("webhooks", "Webhooks are refused: there is no WEBHOOK_SECRET.", fix)
