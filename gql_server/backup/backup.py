"""Making a backup while the server runs.

The databases are copied before the images: an image's bytes are stored before its row is written,
so every row in the copy has its bytes when the images are copied. The tables of jobs are copied
first: work that they lack is enqueued again, and jobs never refer to something that is missing.
The manifest is written last, so that the backup before it stays valid until then.
"""

import asyncio
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from gql_server.backup.errors import BackupError, errors_of
from gql_server.backup.images import CopyReport, StoreAt, copy_images
from gql_server.backup.manifest import NAME, FileKind, Manifest, SavedFile
from gql_server.backup.places import BackupPlace
from gql_server.backup.snapshot import Snapshot, sha256_of, take_snapshots
from gql_server.domain.clock import now
from gql_server.storage.folder import FolderStore

SECRETS: Final = ("url_signing_secret", "webhook_secret")
"""Files in ``DATA_DIR`` with secrets that the server has made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """What a server has, and a backup copies.

    Attributes:
        database: The file of the database.
        jobs: The file of the tables of jobs, which need not exist.
        data_dir: The folder of the secrets.
        images: The store; None if it is a bucket, which is backed up by other tools.
        kept_elsewhere: Settings that a server needs beside the backup.
    """

    database: Path
    jobs: Path
    data_dir: Path
    images: StoreAt | None
    kept_elsewhere: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupReport:
    """What a backup has.

    Attributes:
        manifest: What is in it.
        images: What was done with the images; None if they are in a bucket.
    """

    manifest: Manifest
    images: CopyReport | None


Progress = Callable[[str, int, int], None]
"""Shows a step, and how much of it is done."""


def show_nothing(_doing: str, _done: int, _total: int) -> None:
    """Show no progress."""


async def make_backup(
    original: Original, place: BackupPlace, progress: Progress = show_nothing
) -> BackupReport:
    """Back up a server, which may be running; in a place with an earlier backup of it, what is new.

    Raises:
        BackupError: The place has something else, or a part failed; an earlier backup stays valid.
    """
    earlier = await _earlier(place)
    if earlier is None:
        started = Manifest(is_complete=False, created_at=now())
        await place.write(NAME, started.to_json())
    with place.workspace() as folder:
        making = _Making(original, place, folder, progress)
        return await making.make(earlier)


async def read_manifest(place: BackupPlace) -> Manifest | None:
    """Return the manifest of a backup; None if there is none.

    Raises:
        BackupError: It is damaged, or of a newer version.
    """
    content = await place.read(NAME)
    return Manifest.from_json(content, place.label) if content is not None else None


async def _earlier(place: BackupPlace) -> Manifest | None:
    earlier = await read_manifest(place)
    if earlier is None and (others := sorted(await place.names())):
        raise BackupError(
            f"{place.label}: has files, such as {others[0]}, and is not a backup. Name an empty or "
            "a new folder"
        )
    return earlier


class _Making:
    def __init__(
        self, original: Original, place: BackupPlace, folder: Path, progress: Progress
    ) -> None:
        self._original = original
        self._place = place
        self._folder = folder
        self._progress = progress
        self._created_at = now()
        self._files: list[SavedFile] = []

    async def make(self, earlier: Manifest | None) -> BackupReport:
        snapshot = await self._snapshot()
        manifest = Manifest(
            is_complete=True,
            store_id=await asyncio.to_thread(snapshot.store_id),
            has_images=self._original.images is not None,
            revision=await asyncio.to_thread(snapshot.revision),
            kept_elsewhere=self._original.kept_elsewhere,
            created_at=self._created_at,
        )
        if earlier is not None and earlier.is_complete:
            _check_same(earlier, manifest, self._place.label)
        await self._save_files()
        images = await self._copy_images(snapshot, manifest)
        manifest = replace(manifest, files=self._files)
        await self._place.write(NAME, manifest.to_json())
        await self._remove_others()
        return BackupReport(manifest=manifest, images=images)

    async def _snapshot(self) -> Snapshot:
        original = self._original
        files = [(original.jobs, self._folder / FileKind.JOBS.value)]
        files = [(path, copy) for path, copy in files if path.exists()]
        files.append((original.database, self._folder / FileKind.DATABASE.value))
        await asyncio.to_thread(
            take_snapshots,
            files,
            on_progress=lambda done, total: self._progress("Copying databases", done, total),
        )
        return Snapshot(self._folder / FileKind.DATABASE.value)

    async def _save_files(self) -> None:
        for kind in (FileKind.DATABASE, FileKind.JOBS):
            if (self._folder / kind.value).exists():
                await self._save(kind, self._folder / kind.value, f"{kind.value}-{{stamp}}.db")
        for name in SECRETS:
            if (self._original.data_dir / name).exists():
                copy = self._folder / name
                with errors_of(str(self._original.data_dir / name)):
                    await asyncio.to_thread(shutil.copyfile, self._original.data_dir / name, copy)
                await self._save(FileKind.SECRET, copy, f"{name}-{{stamp}}", restored_as=name)

    async def _save(self, kind: FileKind, path: Path, form: str, *, restored_as: str = "") -> None:
        # Other names than those of an earlier backup, which stay valid until the manifest changes.
        name = form.format(stamp=_stamp(self._created_at))
        self._files.append(
            SavedFile(
                kind=kind,
                name=name,
                restored_as=restored_as,
                size_bytes=await asyncio.to_thread(lambda: path.stat().st_size),
                sha256=await asyncio.to_thread(sha256_of, path),
            )
        )
        # The place may move it, and the database is read once more.
        moved = path.with_name(name)
        with errors_of(str(path.parent)):
            os.link(path, moved)
        await self._place.save(name, moved)

    async def _copy_images(self, snapshot: Snapshot, manifest: Manifest) -> CopyReport | None:
        images = self._original.images
        if images is None:
            return None
        with errors_of(images.label):
            found = await images.store.read_marker()
        if manifest.store_id is None or found != manifest.store_id:
            raise BackupError(
                f"{images.label}: it is not the store of the database's images. Start the server "
                "once, or see `gql-server check`"
            )
        with errors_of(self._place.label):
            await self._place.images.write_marker(manifest.store_id)
            if isinstance(self._place.images, FolderStore):
                await self._place.images.sweep(older_than=0)  # left by a killed backup
        total = await asyncio.to_thread(snapshot.count_images)
        return await copy_images(
            images,
            StoreAt(label=self._place.label, store=self._place.images),
            sizes=snapshot.sizes,
            removes=True,
            on_progress=_shown(self._progress, "Copying images", total),
        )

    async def _remove_others(self) -> None:
        kept = {NAME, *(one.name for one in self._files)}
        for name in await self._place.names():
            if name not in kept:
                await self._place.delete(name)


def _check_same(earlier: Manifest, manifest: Manifest, label: str) -> None:
    if earlier.store_id not in {None, manifest.store_id}:
        raise BackupError(
            f"{label}: has the backup of another server, whose store is {earlier.store_id}. Name "
            "another folder"
        )


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y%m%dT%H%M%S%f")[:-3] + "Z"


def _shown(progress: Progress, doing: str, total: int) -> Callable[[CopyReport], None]:
    return lambda report: progress(doing, report.done, max(total, report.done))
