"""Objects as files under a folder, with the promises of an object store.

``generated/img_x.png`` is the picture itself. Beside it stands its sidecar,
``generated/.img_x.png.json``, and linking that file into place is what claims the key: it
succeeds for one writer alone. The sidecar names the file in ``.parts`` that holds the bytes,
which is then renamed to the key. Whoever meets a sidecar whose bytes are still in ``.parts``,
their writer being dead or not there yet, does the renaming; so an object is there whole or
not at all, whenever the power goes.
"""

import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Final

import structlog

from gql_server.pictures.formats import ImageFormat
from gql_server.storage.addresses import check_seconds, check_width, folder_address
from gql_server.storage.disk import (
    DiskRefused,
    in_thread,
    make_folder,
    sync_folder,
    try_file,
    write_synced,
)
from gql_server.storage.folder_listing import described_names
from gql_server.storage.keys import InvalidKey, check_key
from gql_server.storage.marker import marker_content, read_marker_content, wrong_marker
from gql_server.storage.metadata import check_metadata
from gql_server.storage.sidecar import Sidecar
from gql_server.storage.signing import UrlSigner
from gql_server.storage.store import (
    DEFAULT_URL_SECONDS,
    MARKER,
    QUARANTINE,
    ListedObject,
    StoredObject,
)

_PAGE: Final = 1_000
LEFTOVER_SECONDS: Final = 3600
"""A file in ``.parts`` this old belongs to no writer that is still alive."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFile:
    """Where an object's bytes are, for serving them without reading them whole.

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


class FolderStore:
    """Keeps objects in a folder, for this server to serve under ``/images``.

    Several processes may share the folder. Its file system must have hard links. What it
    was asked for runs in threads; ``OSError`` becomes ``StoreMisconfigured`` where the folder
    refuses for good (rights, read-only, no links), else ``StoreUnavailable``.
    """

    def __init__(self, root: Path, base_url: str, *, signer: UrlSigner | None = None) -> None:
        """Take a folder, which need not exist yet, and this server's public address.

        With a signer its addresses are signed and expire; without one they are open.
        """
        self._root = root
        self._signer = signer
        self._required: str | None = None
        self._parts = root / ".parts"
        self._base = f"{base_url.rstrip('/')}/images"

    async def put(self, key: str, stored: StoredObject) -> bool:
        """Write an object once, synced to the disk; False when the key is taken.

        Raises:
            InvalidKey: ``key`` is none.
            ValueError: The content type or metadata are none that stores can keep.
        """
        check_key(key)
        check_metadata(stored)
        return await in_thread("put", self._put, key, stored)

    async def get(self, key: str) -> StoredObject | None:
        """Read an object whole; None when there is none. Raises InvalidKey."""
        check_key(key)
        return await in_thread("get", self._get, key)

    async def delete(self, key: str) -> None:
        """Remove an object; where there is none, that is well. Raises InvalidKey."""
        check_key(key)
        await in_thread("delete", self._delete, key)

    async def locate(self, key: str) -> StoredFile | None:
        """Find an object's file; None when there is none. Raises InvalidKey."""
        check_key(key)
        return await in_thread("locate", self._locate, key)

    def seconds_left(
        self,
        key: str,
        expires: str | None,
        signature: str | None,
        *,
        width: str | None = None,
        format: str | None = None,  # noqa: A002 - the public name of the argument
    ) -> int | None:
        """Return how long an address with these parameters still holds; 0 where it does not.

        None: addresses are open, and hold for good.
        """
        if self._signer is None:
            return None
        variant = variant_of(width, format)
        return self._signer.seconds_left(key, expires, signature, variant=variant)

    @property
    def public_base(self) -> str | None:
        """The address that a key is appended to; None when addresses are signed."""
        return self._base if self._signer is None else None

    async def url(
        self,
        key: str,
        *,
        width: int | None = None,
        format: ImageFormat | None = None,  # noqa: A002 - the public name of the argument
        expires_in: int = DEFAULT_URL_SECONDS,
    ) -> str:
        """Return the address on this server, with ``?width=…&format=…`` for a rendition.

        A signed one lets just this rendition be seen.

        Raises:
            InvalidKey: ``key`` is none.
            ValueError: ``width`` is not from 1 to 4096, or ``expires_in`` of a signed address
                not from 1 to ``MAX_URL_SECONDS``.
        """
        check_key(key)
        check_width(width)
        if self._signer is None:
            return folder_address(self._base, key, width=width, image_format=format)
        check_seconds(expires_in)
        variant = variant_of(str(width) if width else None, format)
        signature = self._signer.sign(key, expires_in=expires_in, variant=variant)
        return folder_address(
            self._base, key, width=width, image_format=format, signature=signature
        )

    async def check(self) -> None:
        """See that the folder takes files and links.

        It is made if need be, unless a marker is required, which a new folder has not.
        """
        await in_thread("check", self._check)

    async def read_marker(self) -> str | None:
        """Return the id of the folder, from its marker; None: it has none."""
        return await in_thread("read its marker", self._read_marker)

    async def write_marker(self, store_id: str) -> str:
        """Give the folder an id, unless it has one; return the id that it has."""
        return await in_thread("write its marker", self._write_marker, store_id)

    def require_marker(self, store_id: str) -> None:
        """From now on write to the folder only while its marker has this id."""
        self._required = store_id

    async def exists(self, key: str) -> bool:
        """Tell whether there is anything under a key."""
        return await in_thread("look", (self._root / key).exists)

    async def listing(self, prefix: str) -> AsyncIterator[Sequence[ListedObject]]:
        """List the objects beneath a prefix such as ``generated/``, in the order of their bytes."""
        objects = self._objects(prefix)
        while page := await in_thread("list", lambda: list(islice(objects, _PAGE))):
            yield page

    async def set_aside(self, key: str) -> None:
        """Move an object, or bytes that no sidecar describes, beneath ``.quarantine``."""
        await in_thread("set aside", self._set_aside, key)

    async def sweep(self, *, older_than: float = LEFTOVER_SECONDS) -> int:
        """Finish or remove what writers left that died; to be called at the start.

        Args:
            older_than: Seconds; what is younger may have a writer, and is left alone.

        Returns:
            The number of files dealt with.
        """
        count = await in_thread("sweep", self._sweep, older_than)
        if count:
            log.info("store_leftovers_swept", count=count)
        return count

    async def close(self) -> None:
        """Nothing is held open."""

    def _put(self, key: str, stored: StoredObject) -> bool:
        self._check_marker()
        path, sidecar_path = self._root / key, self._sidecar_path(key)
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

    def _get(self, key: str) -> StoredObject | None:
        sidecar = self._find(key)
        if sidecar is None:
            return None
        return StoredObject(
            data=(self._root / key).read_bytes(),
            content_type=sidecar.content_type,
            metadata=sidecar.metadata,
        )

    def _delete(self, key: str) -> None:
        path, sidecar_path = self._root / key, self._sidecar_path(key)
        if self._find(key) is None:
            return
        # The sidecar first: bytes without it are no object, whatever happens in between.
        sidecar_path.unlink(missing_ok=True)
        sync_folder(path.parent)
        path.unlink(missing_ok=True)

    def _locate(self, key: str) -> StoredFile | None:
        sidecar = self._find(key)
        if sidecar is None:
            return None
        path = self._root / key
        return StoredFile(
            path=path, status=path.stat(), content_type=sidecar.content_type, digest=sidecar.digest
        )

    def _check_marker(self) -> None:
        if self._required is None:
            return
        found = self._read_marker()
        if found != self._required:
            raise DiskRefused(wrong_marker(str(self._root), found))

    def _read_marker(self) -> str | None:
        try:
            return read_marker_content((self._root / MARKER).read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            return None

    def _write_marker(self, store_id: str) -> str:
        make_folder(self._parts)
        part = self._parts / f"marker+{secrets.token_hex(8)}"
        try:
            write_synced(part, marker_content(store_id))
            _link(part, self._root / MARKER)
        finally:
            part.unlink(missing_ok=True)
        sync_folder(self._root)
        return read_marker_content((self._root / MARKER).read_bytes())

    def _objects(self, prefix: str) -> Iterator[ListedObject]:
        for name, has_bytes, has_sidecar in described_names(self._root / prefix):
            key = f"{prefix}{name}"
            # A sidecar whose bytes are still in .parts is an object all the same.
            if not has_bytes and self._find(key) is None:
                continue
            try:
                status = (self._root / key).stat()
            except FileNotFoundError:  # deleted since
                continue
            yield ListedObject(
                key=key,
                size_bytes=status.st_size,
                modified_at=datetime.fromtimestamp(status.st_mtime, UTC),
                is_whole=has_sidecar,
            )

    def _set_aside(self, key: str) -> None:
        target = self._root / QUARANTINE / key
        make_folder(target.parent)
        # The sidecar first: bytes without it are no object, whatever happens in between.
        for source, aside in (
            (self._sidecar_path(key), target.with_name(f".{target.name}.json")),
            (self._root / key, target),
        ):
            with suppress(FileNotFoundError):
                source.replace(aside)
            sync_folder(source.parent)

    def _check(self) -> None:
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

    def _sweep(self, older_than: float) -> int:
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
        except FileNotFoundError:  # its writer, in another process, is done with it
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
        is_whole = (self._root / key).exists() or self._finish(key, sidecar)
        return sidecar if is_whole else None

    def _finish(self, key: str, sidecar: Sidecar) -> bool:
        """Bring a claimed key's bytes to their place and to the disk; False if they are gone."""
        path = self._root / key
        with suppress(FileNotFoundError):
            (self._parts / sidecar.part).replace(path)
        sync_folder(path.parent)
        return path.exists()

    def _sidecar_path(self, key: str) -> Path:
        path = self._root / key
        return path.with_name(f".{path.name}.json")


def _link(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    return True


def variant_of(width: str | None, image_format: str | None) -> str:
    """Return a rendition as the signature of its address has it; the whole picture: empty text."""
    return f"{width or ''}.{image_format or ''}" if width or image_format else ""
