"""The files of a store in a folder: what each operation does on the disk, for use in threads."""

import os
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from gql_server.storage.disk import DiskRefused, make_folder, sync_folder, try_file, write_synced
from gql_server.storage.folder_listing import described_names
from gql_server.storage.keys import InvalidKey, check_key
from gql_server.storage.marker import marker_content, read_marker_content, wrong_marker
from gql_server.storage.sidecar import Sidecar
from gql_server.storage.store import MARKER, QUARANTINE, ListedObject, StoredObject

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """The file of an object, for serving it without reading it into memory.

    Attributes:
        path: The file of the bytes.
        status: The file's size and times.
        content_type: Such as ``image/png``.
        digest: The SHA-256 of the bytes, in hex.
    """

    path: Path
    status: os.stat_result
    content_type: str
    digest: str


class FolderFiles:
    """Reads and writes the files of objects, as ``gql_server.storage.folder`` describes them.

    Raises OSError as the disk does, and DiskRefused where its files contradict each other.

    Attributes:
        required_marker: The ID that the folder's marker must have for writing; None: any or none.
    """

    def __init__(self, root: Path) -> None:
        """Take the folder, which need not exist yet."""
        self.root = root
        self.required_marker: str | None = None
        self._parts = root / ".parts"

    def put(self, key: str, stored: StoredObject) -> bool:
        """Write an object once, synced to the disk; False if the key is taken."""
        self._check_marker()
        path, sidecar_path = self.root / key, self._sidecar_path(key)
        part = self._parts / f"{key.replace('/', '+')}+{secrets.token_hex(8)}"
        sidecar_part = part.with_name(f"{part.name}.json")
        make_folder(self._parts)
        make_folder(path.parent)
        try:
            write_synced(part, stored.data)
            write_synced(sidecar_part, Sidecar.of(stored, part=part.name).to_json())
            sync_folder(self._parts)
            is_claimed = _link(sidecar_part, sidecar_path)
        except OSError:
            part.unlink(missing_ok=True)
            raise
        finally:
            sidecar_part.unlink(missing_ok=True)
        if not is_claimed:
            part.unlink(missing_ok=True)
        if not self._finish(key, Sidecar.read(sidecar_path)):
            message = f"{sidecar_path} describes a file that is gone; remove it too"
            raise DiskRefused(message)
        return is_claimed

    def get(self, key: str) -> StoredObject | None:
        """Read an object; None if it does not exist."""
        sidecar = self._find(key)
        if sidecar is None:
            return None
        return StoredObject(
            data=(self.root / key).read_bytes(),
            content_type=sidecar.content_type,
            metadata=sidecar.metadata,
        )

    def delete(self, key: str) -> None:
        """Delete an object, if it exists."""
        path, sidecar_path = self.root / key, self._sidecar_path(key)
        if self._find(key) is None:
            return
        # The sidecar first: bytes without it are not an object, even after a crash in between.
        sidecar_path.unlink(missing_ok=True)
        sync_folder(path.parent)
        path.unlink(missing_ok=True)

    def locate(self, key: str) -> StoredFile | None:
        """Return the file of an object; None if it does not exist."""
        sidecar = self._find(key)
        if sidecar is None:
            return None
        path = self.root / key
        return StoredFile(
            path=path, status=path.stat(), content_type=sidecar.content_type, digest=sidecar.digest
        )

    def _check_marker(self) -> None:
        if self.required_marker is None:
            return
        found = self.read_marker()
        if found != self.required_marker:
            raise DiskRefused(wrong_marker(str(self.root), found))

    def read_marker(self) -> str | None:
        """Return the ID of the folder from its marker; None if it has none."""
        try:
            return read_marker_content((self.root / MARKER).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write_marker(self, store_id: str) -> str:
        """Write the marker with an ID, unless there is one; return the ID in it."""
        make_folder(self._parts)
        part = self._parts / f"marker+{secrets.token_hex(8)}"
        try:
            write_synced(part, marker_content(store_id))
            _link(part, self.root / MARKER)
        finally:
            part.unlink(missing_ok=True)
        sync_folder(self.root)
        return read_marker_content((self.root / MARKER).read_bytes())

    def objects(self, prefix: str, after: str) -> Iterator[ListedObject]:
        """Yield the objects below a prefix and after a key, in byte order of keys."""
        after = after.removeprefix(prefix)
        for name, has_bytes, has_sidecar in described_names(self.root / prefix, after=after):
            key = f"{prefix}{name}"
            # A sidecar whose bytes are still in .parts is an object, too.
            if not has_bytes and self._find(key) is None:
                continue
            try:
                status = (self.root / key).stat()
            except FileNotFoundError:  # deleted meanwhile
                continue
            yield ListedObject(
                key=key,
                size_bytes=status.st_size,
                modified_at=datetime.fromtimestamp(status.st_mtime, UTC),
                is_whole=has_sidecar,
            )

    def set_aside(self, key: str) -> None:
        """Move an object, or bytes without a sidecar, to ``.quarantine``."""
        self._move_files(key, f"{QUARANTINE}{key}")

    def move(self, key: str, target: str) -> None:
        """Move an object to another key, if it exists; complete a move that a crash interrupted."""
        self._check_marker()  # an empty folder in place of the volume has no files to move
        self._find(key)  # its bytes may still be in .parts
        self._move_files(key, target)

    def erase(self, keys: Sequence[str]) -> None:
        """Delete every file of objects, also what a crash left, and their copies in quarantine."""
        self._check_marker()  # an empty folder in place of the volume has no files to delete
        for key in keys:
            self._find(key)  # its bytes may still be in .parts
            for name in (key, f"{QUARANTINE}{key}"):
                folder = (self.root / name).parent
                if not folder.is_dir():
                    continue
                # The sidecar first: bytes without it are not an object.
                self._sidecar_path(name).unlink(missing_ok=True)
                sync_folder(folder)
                (self.root / name).unlink(missing_ok=True)
                sync_folder(folder)

    def _move_files(self, key: str, target: str) -> None:
        make_folder((self.root / target).parent)
        # The sidecar first: bytes without it are not an object, even after a crash in between.
        for source, moved in (
            (self._sidecar_path(key), self._sidecar_path(target)),
            (self.root / key, self.root / target),
        ):
            with suppress(FileNotFoundError):
                source.replace(moved)
                sync_folder(moved.parent)
                sync_folder(source.parent)

    def check(self) -> None:
        """Check that the folder has the required marker and accepts files and hard links."""
        self._check_marker()
        make_folder(self._parts)
        part = self._parts / f"check+{secrets.token_hex(8)}"
        linked = part.with_name(f"{part.name}.json")
        try:
            try_file(part)
            os.link(part, linked)
        finally:
            linked.unlink(missing_ok=True)
            part.unlink(missing_ok=True)

    def sweep(self, older_than: float) -> int:
        """Complete or remove parts that are older than some seconds; return their number."""
        if not self._parts.is_dir():
            return 0
        latest = time.time() - older_than
        return sum(self._clear(part, latest) for part in self._parts.iterdir())

    def _clear(self, part: Path, latest: float) -> bool:
        key = part.name.rpartition("+")[0].replace("+", "/")
        try:
            if part.stat().st_mtime > latest:
                return False
            check_key(key)
            self._find(key)
        except FileNotFoundError:  # its writer, in another process, has finished
            return False
        except (InvalidKey, DiskRefused) as error:
            log.warning("store_leftover_kept", part=str(part), reason=str(error))
            return False
        part.unlink(missing_ok=True)
        return True

    def _find(self, key: str) -> Sidecar | None:
        try:
            sidecar = Sidecar.read(self._sidecar_path(key))
        except (FileNotFoundError, NotADirectoryError):
            return None
        is_whole = (self.root / key).exists() or self._finish(key, sidecar)
        return sidecar if is_whole else None

    def _finish(self, key: str, sidecar: Sidecar) -> bool:
        """Move and sync the bytes of a claimed key; False if they are gone."""
        path = self.root / key
        with suppress(FileNotFoundError):
            (self._parts / sidecar.part).replace(path)
        sync_folder(path.parent)
        return path.exists()

    def _sidecar_path(self, key: str) -> Path:
        path = self.root / key
        return path.with_name(f".{path.name}.json")


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    return True
