"""Objects as files under a folder, with the guarantees of an object store.

``generated/img_x.png`` is the image itself. Its sidecar is ``generated/.img_x.png.json``, and
linking that file into place claims the key: it succeeds for one writer only. The sidecar names
the file in ``.parts`` that holds the bytes, which is then renamed to the key. Any process that
finds a sidecar whose bytes are still in ``.parts``, because their writer died or is not done,
renames them; so an object exists completely or not at all, even after a power failure.
"""

from collections.abc import AsyncGenerator, Sequence
from itertools import islice
from pathlib import Path
from typing import Final

import structlog

from gql_server.pictures.formats import ImageFormat
from gql_server.storage.addresses import check_seconds, check_width, folder_address
from gql_server.storage.disk import in_thread
from gql_server.storage.folder_files import FolderFiles, StoredFile
from gql_server.storage.keys import check_key
from gql_server.storage.metadata import check_metadata
from gql_server.storage.seconds import measured
from gql_server.storage.signing import UrlSigner
from gql_server.storage.store import (
    DEFAULT_URL_SECONDS,
    ListedObject,
    StoredObject,
)
from gql_server.storage.write_refusal import WriteRefusal

_PAGE: Final = 1_000
LEFTOVER_SECONDS: Final = 3600
"""No writer of a file in ``.parts`` that is this old is still alive."""

log = structlog.get_logger(__name__)


class FolderStore:
    """Keeps objects in a folder, which this server serves under ``/images``.

    Several processes may share the folder. Its file system must support hard links. File work
    runs in threads; ``OSError`` becomes ``StoreMisconfigured`` if the folder refuses permanently
    (permissions, read-only, no links), otherwise ``StoreUnavailable``.
    """

    def __init__(self, root: Path, base_url: str, *, signer: UrlSigner | None = None) -> None:
        """Take a folder, which is created if needed, and this server's public URL.

        With a signer its URLs are signed and expire; without one they are open.
        """
        self._files = FolderFiles(root)
        self._refusal = WriteRefusal()
        self._signer = signer
        self._base = f"{base_url.rstrip('/')}/images"

    @measured("put")
    async def put(self, key: str, stored: StoredObject) -> bool:
        """Write an object once, synced to the disk; False if the key is taken.

        Raises:
            InvalidKey: ``key`` is invalid.
            ValueError: Stores cannot keep the content type or metadata.
        """
        check_key(key)
        check_metadata(stored)
        with self._refusal.observed():
            return await in_thread("put", self._files.put, key, stored)

    @property
    def is_refusing(self) -> bool:
        """Whether the last ``put`` was refused for a reason that does not pass by itself."""
        return self._refusal.is_on

    @measured("get")
    async def get(self, key: str) -> StoredObject | None:
        """Read an object; None if it does not exist. Raises InvalidKey."""
        check_key(key)
        return await in_thread("get", self._files.get, key)

    @measured("delete")
    async def delete(self, key: str) -> None:
        """Delete an object, if it exists. Raises InvalidKey."""
        check_key(key)
        await in_thread("delete", self._files.delete, key)

    async def locate(self, key: str) -> StoredFile | None:
        """Return the file of an object; None if it does not exist. Raises InvalidKey."""
        check_key(key)
        return await in_thread("locate", self._files.locate, key)

    def seconds_left(
        self,
        key: str,
        expires: str | None,
        signature: str | None,
        *,
        width: str | None = None,
        format: str | None = None,  # noqa: A002 - the public name of the argument
    ) -> int | None:
        """Return how long a URL with these parameters remains valid; 0 if it is invalid or expired.

        None: URLs are open and do not expire.
        """
        if self._signer is None:
            return None
        variant = variant_of(width, format)
        return self._signer.seconds_left(key, expires, signature, variant=variant)

    @property
    def public_base(self) -> str | None:
        """The URL that a key is appended to; None if URLs are signed."""
        return self._base if self._signer is None else None

    async def url(
        self,
        key: str,
        *,
        width: int | None = None,
        format: ImageFormat | None = None,  # noqa: A002 - the public name of the argument
        expires_in: int = DEFAULT_URL_SECONDS,
    ) -> str:
        """Return the URL on this server, with ``?width=…&format=…`` for a rendition.

        A signed URL is valid for this rendition only.

        Raises:
            InvalidKey: ``key`` is invalid.
            ValueError: ``width`` is not from 1 to 4096, or ``expires_in`` of a signed URL is not
                from 1 to ``MAX_URL_SECONDS``.
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

    @measured("check")
    async def check(self) -> None:
        """Check that the folder accepts files and hard links.

        It is created if needed, unless a marker is required, which a new folder does not have.
        """
        await in_thread("check", self._files.check)
        self._refusal.is_on = False

    async def read_marker(self) -> str | None:
        """Return the ID of the folder from its marker; None if it has none."""
        return await in_thread("read its marker", self._files.read_marker)

    async def write_marker(self, store_id: str) -> str:
        """Give the folder an ID, unless it has one; return its ID."""
        return await in_thread("write its marker", self._files.write_marker, store_id)

    def require_marker(self, store_id: str) -> None:
        """From now on, write to the folder only while its marker has this ID."""
        self._files.required_marker = store_id

    async def exists(self, key: str) -> bool:
        """Return whether anything exists under a key."""
        return await in_thread("look", (self._files.root / key).exists)

    async def listing(
        self, prefix: str, *, after: str = ""
    ) -> AsyncGenerator[Sequence[ListedObject]]:
        """List the objects below a prefix such as ``generated/``, in byte order of keys."""
        objects = self._files.objects(prefix, after)
        while page := await in_thread("list", lambda: list(islice(objects, _PAGE))):
            yield page

    async def set_aside(self, key: str) -> None:
        """Move an object, or bytes without a sidecar, to ``.quarantine``."""
        await in_thread("set aside", self._files.set_aside, key)

    @measured("withhold")
    async def withhold(self, key: str, hidden_key: str) -> None:
        """Move an object to a hidden key."""
        check_key(key)
        check_key(hidden_key)
        await in_thread("withhold", self._files.move, key, hidden_key)

    @measured("release")
    async def release(self, key: str, hidden_key: str) -> None:
        """Move a withheld object back to its key."""
        check_key(key)
        check_key(hidden_key)
        await in_thread("release", self._files.move, hidden_key, key)

    @measured("erase")
    async def erase(self, key: str, hidden_key: str | None) -> None:
        """Delete every copy of an object."""
        keys = [key] if hidden_key is None else [key, hidden_key]
        for one in keys:
            check_key(one)
        await in_thread("erase", self._files.erase, keys)

    async def sweep(self, *, older_than: float = LEFTOVER_SECONDS) -> int:
        """Complete or remove what dead writers left; called at startup.

        Args:
            older_than: Seconds; younger files may have a writer and are skipped.

        Returns:
            The number of files that were completed or removed.
        """
        count = await in_thread("sweep", self._files.sweep, older_than)
        if count:
            log.info("store_leftovers_swept", count=count)
        return count

    async def close(self) -> None:
        """Do nothing: no file is held open."""


def variant_of(width: str | None, image_format: str | None) -> str:
    """Return the rendition as part of the signature of a URL; an empty text for the original."""
    return f"{width or ''}.{image_format or ''}" if width or image_format else ""
