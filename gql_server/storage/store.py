"""What every store guarantees."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from gql_server.pictures.formats import ImageFormat

DEFAULT_URL_SECONDS: Final = 3600
"""How long a signed URL is valid by default."""

MAX_URL_SECONDS: Final = 7 * 24 * 3600
"""The longest validity that R2 signs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object's bytes and metadata.

    Attributes:
        data: The bytes.
        content_type: Such as ``image/png``.
        metadata: Stored with the bytes, under lower-case words joined by hyphens, such as
            ``provider-cost``; any text, returned unchanged. At most some 1,900 bytes.
    """

    data: bytes
    content_type: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedObject:
    """An object in a listing.

    Attributes:
        key: Its key, or another name: files may have been put there by others.
        size_bytes: The size of its bytes.
        modified_at: When it was written.
        is_whole: Whether ``get`` returns it; a folder may have bytes without a sidecar.
    """

    key: str
    size_bytes: int
    modified_at: datetime
    is_whole: bool = True


MARKER: Final = ".gql-server-store.json"
"""The name of the object that identifies a store; it is not a valid key."""

QUARANTINE: Final = ".quarantine/"
"""Where unreferenced objects are moved, under their own keys."""

WITHHELD: Final = "withheld/"
"""Where the objects of deleted images are moved, under keys that cannot be guessed."""


class StoreUnavailable(Exception):
    """The store did not answer or refused temporarily; a later retry may succeed."""


class StoreMisconfigured(Exception):
    """The store refuses permanently: wrong credentials, bucket or permissions; for the operator."""


class Store(Protocol):
    """Keeps bytes under write-once keys such as ``generated/img_….png``."""

    async def put(self, key: str, stored: StoredObject) -> bool:
        """Write an object once and durably; retries are included.

        Returns:
            True if this call, or an earlier attempt of it, wrote the object; False if another
            object has the key already, which is left unchanged.

        Raises:
            InvalidKey: ``key`` is invalid.
            ValueError: Stores cannot keep the content type or metadata.
            StoreUnavailable: After the last retry; the object may have been written nonetheless.
            StoreMisconfigured: Without a retry.
        """

    @property
    def is_refusing(self) -> bool:
        """Whether the last ``put`` was refused permanently.

        Call ``check`` before spending money then; a ``put`` or ``check`` that succeeds ends it.
        """

    async def get(self, key: str) -> StoredObject | None:
        """Read an object; None if it does not exist. Raises as ``put``."""

    async def delete(self, key: str) -> None:
        """Delete an unreferenced object, if it exists.

        For what was stored and then could not be recorded. Raises as ``put``.
        """

    @property
    def public_base(self) -> str | None:
        """The URL that a key is appended to (no trailing slash); None if URLs are signed."""

    async def url(
        self,
        key: str,
        *,
        width: int | None = None,
        format: ImageFormat | None = None,  # noqa: A002 - the public name of the argument
        expires_in: int = DEFAULT_URL_SECONDS,
    ) -> str:
        """Return a URL that a browser can open.

        Args:
            key: The object's key.
            width: Pixels to resize to, where the store supports it; never enlarges.
            format: The format to convert to, where the store supports it.
            expires_in: Seconds that a signed URL is valid; ignored for public ones.

        Raises:
            InvalidKey: ``key`` is invalid.
            ValueError: ``width`` is not from 1 to 4096, or ``expires_in`` of a signed URL is not
                from 1 to ``MAX_URL_SECONDS``.
        """

    async def check(self) -> None:
        """Check that the store can be used, without retries. Raises as ``put``.

        If a marker is required, it must exist: an empty folder in place of an unmounted volume
        must not be used.
        """

    async def read_marker(self) -> str | None:
        """Return the ID of the store from its marker; None if it has none. Raises as ``get``."""

    async def write_marker(self, store_id: str) -> str:
        """Give the store an ID, unless it has one; return its ID. Raises as ``put``."""

    def require_marker(self, store_id: str) -> None:
        """From now on, use the store only while its marker has this ID."""

    async def exists(self, key: str) -> bool:
        """Return whether anything exists under a key, as in a listing. Raises as ``get``."""

    def listing(self, prefix: str, *, after: str = "") -> AsyncGenerator[Sequence[ListedObject]]:
        """List the objects below a prefix such as ``generated/``, in byte order of their keys.

        In pages of at most 1,000 and in bounded memory. Raises as ``get``.

        Args:
            prefix: The beginning of their keys.
            after: Only keys after this one, which begins with the prefix.
        """

    async def set_aside(self, key: str) -> None:
        """Move an object to the same key below ``QUARANTINE``, if it exists.

        Raises as ``put``.
        """

    async def withhold(self, key: str, hidden_key: str) -> None:
        """Move an object to a hidden key, so that no URL of its key answers, signed ones included.

        Safe to repeat, also after a crash halfway; an object that does not exist is ignored. Raises
        as ``put``.

        Args:
            key: The object's key.
            hidden_key: A key below ``WITHHELD`` that cannot be guessed: a public bucket serves it.
        """

    async def release(self, key: str, hidden_key: str) -> None:
        """Make a withheld object available under its key again. Raises as ``put``.

        Safe to repeat. A copy may stay under the hidden key until the object is erased.
        """

    async def erase(self, key: str, hidden_key: str | None) -> None:
        """Delete every copy of an object: under its key, its hidden key, and in quarantine.

        Safe to repeat, also after a crash halfway. Raises as ``put``.
        """

    async def close(self) -> None:
        """Release connections."""
