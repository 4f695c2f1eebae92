"""Restoring a backup into the place of a server that has nothing yet.

The database is put into place last: until then, a restore that was interrupted is run again.
"""

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import URL

from gql_server.backup.backup import SECRETS, Progress, read_manifest, show_nothing
from gql_server.backup.errors import BackupError, errors_of
from gql_server.backup.images import CopyReport, StoreAt, copy_images
from gql_server.backup.manifest import NAME, FileKind, Manifest, SavedFile
from gql_server.backup.moved_files import settle_moved_files
from gql_server.backup.places import BackupPlace
from gql_server.backup.snapshot import Snapshot, sha256_of
from gql_server.backup.unfinished import HeldWork, hold_unfinished
from gql_server.database.engine.engine import Database
from gql_server.database.engine.migration import head_revision, known_revisions, migrate
from gql_server.database.queries.stores import STORED_FILES
from gql_server.storage.disk import make_folder, sync_folder, write_synced
from gql_server.storage.private_files import close_to_others
from gql_server.storage.store import Store

_RESTORING: Final = ".restoring"
_SQLITE_ENDINGS: Final = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a backup is restored to.

    Attributes:
        database: The future file of the database.
        jobs: The future file of the tables of jobs.
        data_dir: The folder of the secrets.
        open_store: Opens the future store of the images; the caller of it closes it.
        store_label: The name of the store for people.
        url: The URL of the database, to open it at another path.
    """

    database: Path
    jobs: Path
    data_dir: Path
    open_store: Callable[[], Awaitable[Store]]
    store_label: str
    url: URL

    def make_folders(self) -> None:
        """Create the folders of the databases and of the secrets, if they do not exist."""
        for folder in (self.database.parent, self.data_dir):
            with errors_of(str(folder)):
                make_folder(folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreReport:
    """What was restored.

    Attributes:
        manifest: What is in the backup.
        images: What was done with the images; None if the backup has none.
        held: What had not finished, and is held.
    """

    manifest: Manifest
    images: CopyReport | None
    held: HeldWork


async def restore_backup(
    place: BackupPlace, target: Target, progress: Progress = show_nothing
) -> RestoreReport:
    """Restore a backup; no server may run on the target.

    Raises:
        BackupError: It is no backup of this or an earlier version, it is damaged, the target has
            something already, or a part failed.
    """
    manifest = await _checked_manifest(place)
    _check_free(target)
    target.make_folders()
    with _new_folder(target.database.parent / _RESTORING) as folder:
        await _fetch(place, manifest, folder)
        _restore_secrets(manifest, folder, target)
        with errors_of(target.store_label):
            store = await target.open_store()
        try:
            at = StoreAt(label=target.store_label, store=store)
            database = folder / FileKind.DATABASE.value
            images = await _restore_images(place, manifest, database, at, progress)
            held = await _hold(target, database, at)
        finally:
            await store.close()
        await asyncio.to_thread(_put_into_place, folder, target)
    return RestoreReport(manifest=manifest, images=images, held=held)


async def _checked_manifest(place: BackupPlace) -> Manifest:
    manifest = await read_manifest(place)
    if manifest is None:
        raise BackupError(f"{place.label}: is not a backup: it has no {NAME}")
    if not manifest.is_complete or manifest.file_of(FileKind.DATABASE) is None:
        raise BackupError(
            f"{place.label}: the backup was never completed. Run `gql-server backup` again, or "
            "name another one"
        )
    secrets = {one.restored_as for one in manifest.files if one.kind is FileKind.SECRET}
    if not secrets <= set(SECRETS):  # they become files of DATA_DIR
        raise BackupError(f"{place.label}: its {NAME} is damaged; it cannot be used as a backup")
    if manifest.revision not in known_revisions():
        raise BackupError(
            f"{place.label}: the backup was made by gql_server {manifest.version}; its database "
            f"has the revision {manifest.revision}, and this version knows revisions up to "
            f"{head_revision()}. Use that version or a later one"
        )
    return manifest


def _check_free(target: Target) -> None:
    for path in (target.database, target.jobs):
        for ending in _SQLITE_ENDINGS:
            file = path.with_name(path.name + ending)
            with errors_of(str(file)):
                if file.exists():
                    raise BackupError(
                        f"{file}: exists. Restore where there is no database: move this file away, "
                        "or set DATA_DIR to a new folder"
                    )


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    with errors_of(str(folder)):
        shutil.rmtree(folder, ignore_errors=True)  # of a restore that was killed
        folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _fetch(place: BackupPlace, manifest: Manifest, folder: Path) -> None:
    for file in manifest.files:
        path = folder / _fetched_name(file)
        await place.fetch(file.name, path)
        if await asyncio.to_thread(sha256_of, path) != file.sha256:
            raise BackupError(
                f"{place.label}: {file.name} is damaged; its bytes are not those that were saved"
            )


def _fetched_name(file: SavedFile) -> str:
    return file.restored_as if file.kind is FileKind.SECRET else file.kind.value


def _restore_secrets(manifest: Manifest, folder: Path, target: Target) -> None:
    for file in manifest.files:
        if file.kind is not FileKind.SECRET:
            continue
        name = _fetched_name(file)
        path = target.data_dir / name
        with errors_of(str(path)):
            content = (folder / name).read_bytes()
            if not path.exists():
                write_synced(path, content)
            elif path.read_bytes() != content:
                raise BackupError(
                    f"{path}: exists and differs from the one in the backup. Move it away, or set "
                    "DATA_DIR to a new folder"
                )


async def _restore_images(
    place: BackupPlace, manifest: Manifest, database: Path, at: StoreAt, progress: Progress
) -> CopyReport | None:
    if manifest.store_id is None:
        return None
    with errors_of(at.label):
        found = await at.store.read_marker()
        if found is None and manifest.has_images:
            await _check_empty(at)
            found = await at.store.write_marker(manifest.store_id)
    if found != manifest.store_id:
        what = "has no marker" if found is None else f"has the marker of another store, {found}"
        raise BackupError(
            f"{at.label}: {what}; the database's images are in the store {manifest.store_id}. "
            "Restore or name that one first"
        )
    if not manifest.has_images:
        return None
    snapshot = Snapshot(database)
    total = await asyncio.to_thread(snapshot.count_images)
    return await copy_images(
        StoreAt(label=place.label, store=place.images),
        at,
        sizes=snapshot.sizes,
        removes=False,
        on_progress=lambda report: progress("Copying images", report.done, max(total, report.done)),
    )


async def _check_empty(at: StoreAt) -> None:
    for files in STORED_FILES:
        async with aclosing(at.store.listing(files.prefix)) as pages:
            async for page in pages:
                raise BackupError(
                    f"{at.label}: has files, such as {page[0].key}, and is not the store of this "
                    "backup. Move them away"
                )


async def _hold(target: Target, database: Path, at: StoreAt) -> HeldWork:
    opened = Database(target.url.set(database=str(database)))
    try:
        with errors_of(at.label):
            await migrate(opened)
            await settle_moved_files(opened, at.store)
            return await hold_unfinished(opened, at.store)
    finally:
        await opened.close()
        with errors_of(str(database)), closing(sqlite3.connect(database)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")  # one file, to be moved


def _put_into_place(folder: Path, target: Target) -> None:
    """Move the databases, that of the images last: it says that the restore is complete."""
    for kind, path in ((FileKind.JOBS, target.jobs), (FileKind.DATABASE, target.database)):
        if (folder / kind.value).exists():
            with errors_of(str(path)):
                (folder / kind.value).replace(path)
                close_to_others(path)
                sync_folder(path.parent)
