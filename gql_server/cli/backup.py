"""``gql-server backup`` and ``gql-server restore``."""

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import SecretStr

from gql_server.backup.backup import BackupReport, Original, make_backup
from gql_server.backup.errors import errors_of
from gql_server.backup.images import StoreAt
from gql_server.backup.manifest import FileKind, Manifest
from gql_server.backup.moved_files import settle_moved_files
from gql_server.backup.places import open_place
from gql_server.backup.restore import RestoreReport, Target, restore_backup
from gql_server.backup.unfinished import HeldWork, check_no_server_runs, hold_unfinished
from gql_server.bootstrap.resources import (
    check_database_exists,
    only_server,
    open_bucket,
    open_database,
    open_folder,
    store_settings,
)
from gql_server.bootstrap.store_identity import require_store
from gql_server.cli.progress_display import ProgressDisplay
from gql_server.cli.start import fail, read_settings, show_database
from gql_server.cli.store_audit import print_report
from gql_server.database.engine.engine import Database
from gql_server.jobs.engine_database import engine_url
from gql_server.ledger.audit.store import audit_store
from gql_server.ledger.audit.store_report import StoreReport
from gql_server.settings import Settings
from gql_server.storage.store import Store

_MIB: Final = 1024 * 1024
_GUIDE: Final = "docs/operating.md#back-up-and-restore says how"


def backup(
    place: Annotated[
        str,
        typer.Argument(
            help="Folder, or s3://bucket/folder, which is accessed with AWS_ACCESS_KEY_ID, "
            "AWS_SECRET_ACCESS_KEY and AWS_ENDPOINT_URL."
        ),
    ],
) -> None:
    """Back up an SQLite database, its images and secrets, while the server runs.

    A folder has one backup: the next one replaces the databases, and copies only new images. Images
    that were deleted for good are removed from it. PostgreSQL and R2 have their own tools.
    """
    settings = read_settings()
    _require_sqlite(settings, "pg_dump")
    check_database_exists(settings)
    show_database(settings, err=True)
    folder = open_folder(settings)
    images = None if folder is None else StoreAt(label=store_settings(settings), store=folder)
    original = Original(
        database=_database_file(settings),
        jobs=_jobs_file(settings),
        data_dir=settings.data_dir,
        images=images,
        kept_elsewhere=_kept_elsewhere(settings),
    )

    async def run() -> BackupReport:
        async with open_place(place, makes=True) as opened:
            with ProgressDisplay() as display:
                return await make_backup(original, opened, display.show)

    _print_backup(asyncio.run(run()), place)


def restore(
    place: Annotated[
        str | None,
        typer.Argument(
            help="Folder, or s3://bucket/folder, with the backup. Required without --in-place."
        ),
    ] = None,
    in_place: Annotated[
        bool,
        typer.Option(
            "--in-place",
            help="Use a database and images that were restored with their own tools, instead of a "
            "backup. Only pauses what had not finished, and reports what is missing.",
        ),
    ] = False,
) -> None:
    """Restore a backup where there is no database yet, and report what is missing.

    No server may run. Batches that had not finished are paused, so that no image is paid for
    twice. Exits with 1 if an image lacks its file.
    """
    if (place is None) != in_place:
        fail("Name the backup, or restore with other tools and use --in-place")
    settings = read_settings()
    show_database(settings, err=True)
    if place is None:
        report = asyncio.run(_finish_in_place(settings))
    else:
        _require_sqlite(settings, "pg_restore")
        report = asyncio.run(_restore(settings, place))
    typer.echo(
        "API keys that were revoked, and data that was erased after the backup, are back: revoke "
        f"and erase them again. {_GUIDE}."
    )
    print_report(report)
    if report.missing.count or report.damaged.count:
        raise typer.Exit(1)


async def _restore(settings: Settings, place: str) -> StoreReport:
    target = Target(
        database=_database_file(settings),
        jobs=_jobs_file(settings),
        data_dir=settings.data_dir,
        open_store=lambda: _open_store(settings),
        store_label=store_settings(settings),
        url=settings.sqlalchemy_url,
    )
    async with open_place(place, makes=False) as opened:
        target.make_folders()
        with only_server(settings), ProgressDisplay() as display:
            restored = await restore_backup(opened, target, display.show)
    _print_restored(restored)
    return await _verify(settings)


async def _finish_in_place(settings: Settings) -> StoreReport:
    async with open_database(settings, migrates=False) as database:
        with only_server(settings) if database.is_sqlite else nullcontext():
            if not database.is_sqlite:
                await check_no_server_runs(database, seconds=settings.process_lease / 2)
            store = await _open_store(settings)
            try:
                with errors_of(store_settings(settings)):
                    await require_store(database, store)
                    await store.check()
                    await settle_moved_files(database, store)
                    _print_held(await hold_unfinished(database, store))
            finally:
                await store.close()
    return await _verify(settings)


async def _verify(settings: Settings) -> StoreReport:
    """Compare every image with its file, as ``gql-server audit --store`` does."""
    store = await _open_store(settings)
    try:
        async with open_database(settings, migrates=False) as database:
            return await _compared(database, store, store_settings(settings))
    finally:
        await store.close()


async def _compared(database: Database, store: Store, label: str) -> StoreReport:
    with ProgressDisplay() as display, errors_of(label):
        return await audit_store(
            database,
            store,
            restart=True,
            grace=timedelta(0),
            on_progress=lambda progress: display.show(
                "Comparing images", progress.report.rows, progress.total_rows
            ),
        )


async def _open_store(settings: Settings) -> Store:
    return open_folder(settings) or await open_bucket(settings)


def _require_sqlite(settings: Settings, tool: str) -> None:
    if settings.sqlalchemy_url.get_backend_name() != "sqlite":
        fail(
            f"{settings.database_setting}: PostgreSQL has its own tools: use {tool}, and rclone "
            f"for a bucket; {_GUIDE}"
        )


def _database_file(settings: Settings) -> Path:
    return Path(settings.sqlalchemy_url.database or "")


def _jobs_file(settings: Settings) -> Path:
    return Path(engine_url(settings.sqlalchemy_url).database or "")


def _kept_elsewhere(settings: Settings) -> Sequence[str]:
    """Return the settings that are secrets or name files, and are set."""
    return [
        field.upper()
        for field in type(settings).model_fields
        if field != "data_dir" and isinstance(getattr(settings, field), SecretStr | Path)
    ]


def _print_backup(report: BackupReport, place: str) -> None:
    manifest, images = report.manifest, report.images
    size = sum(file.size_bytes for file in manifest.files if file.kind is not FileKind.SECRET)
    typer.echo(f"Backed up to {place}: databases of {size / _MIB:.1f} MiB.")
    if images is None:
        typer.echo(f"The images are in the bucket: copy them now, with rclone. {_GUIDE}.")
    else:
        typer.echo(
            f"Images and uploads: {images.copied} copied, {images.unchanged} there already, "
            f"{images.removed} removed; {images.size_bytes / _MIB:.1f} MiB."
        )
        if images.kept:
            typer.echo(
                f"{images.kept} are lost or damaged in the store, and kept in the backup: run "
                "`gql-server audit --store`.",
                err=True,
            )
    typer.echo(f"Secrets in the backup: {_secrets(manifest)}; protect it as you do DATA_DIR.")
    others = ", ".join(manifest.kept_elsewhere) or "none that is a secret or a file"
    typer.echo(f"Not in the backup, keep them elsewhere: the settings ({others}).")


def _secrets(manifest: Manifest) -> str:
    names = [file.restored_as for file in manifest.files if file.kind is FileKind.SECRET]
    return ", ".join(["API keys (hashed)", *names])


def _print_restored(report: RestoreReport) -> None:
    manifest, images = report.manifest, report.images
    typer.echo(
        f"Restored what gql_server {manifest.version} backed up at {manifest.created_at:%F %T} UTC."
    )
    if images is not None:
        typer.echo(f"Images and uploads: {images.copied} copied, {images.unchanged} there already.")
    _print_held(report.held)
    others = ", ".join(manifest.kept_elsewhere) or "none that is a secret or a file"
    typer.echo(f"Not in the backup: the settings ({others}).")


def _print_held(held: HeldWork) -> None:
    if held.batches:
        typer.echo(
            f"{held.batches} unfinished batches are paused, with {held.items} images: what was "
            "generated after the backup may have been paid for. Resume each with resumeBatch."
        )
    if held.requests:
        typer.echo(
            f"{held.requests} requests with idempotency keys had not finished; if they are sent "
            "again, they are answered with an error."
        )
