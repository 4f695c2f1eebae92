"""What a place for bytes promises, whichever it is."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from gql_server.pictures.formats import ImageFormat

DEFAULT_URL_SECONDS: Final = 3600
"""How long a signed address holds when nobody says."""

MAX_URL_SECONDS: Final = 7 * 24 * 3600
"""The longest that R2 signs an address for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredObject:
    """An object's bytes and facts.

    Attributes:
        data: The bytes.
        content_type: Such as ``image/png``.
        metadata: Facts kept with the bytes, under lower-case words joined by hyphens, such
            as ``provider-cost``; any text, come back as it was given. Some 1,900 bytes in all.
    """

    data: bytes
    content_type: str
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedObject:
    """An object as a listing has it.

    Attributes:
        key: Its key, or what takes the place of one: others may have put it there.
        size_bytes: The size of its bytes.
        modified_at: When it was written.
        is_whole: Whether ``get`` returns it; a folder may have bytes that nothing describes.
    """

    key: str
    size_bytes: int
    modified_at: datetime
    is_whole: bool = True


MARKER: Final = ".gql-server-store.json"
"""The name of the object that says whose pictures a store has; no key that can be asked for."""

QUARANTINE: Final = ".quarantine/"
"""Where objects that belong to nobody are moved, under their own keys."""


class StoreUnavailable(Exception):
    """The store did not answer or refused for now; trying later may succeed."""


class StoreMisconfigured(Exception):
    """The store refuses for good: keys, bucket or rights are wrong. For the operator."""


class Store(Protocol):
    """Keeps bytes under write-once keys such as ``generated/img_….png``."""

    async def put(self, key: str, stored: StoredObject) -> bool:
        """Write an object once and durably; its own retries included.

        Returns:
            True when this call wrote it (or an earlier attempt of this very call did);
            False when another object is under the key already, which stays as it is.

        Raises:
            InvalidKey: ``key`` is none.
            ValueError: The content type or metadata are none that stores can keep.
            StoreUnavailable: After the last retry; the object may have been written even so.
            StoreMisconfigured: At once.
        """

    async def get(self, key: str) -> StoredObject | None:
        """Read an object whole; None when there is none. Raises as ``put``."""

    async def delete(self, key: str) -> None:
        """Remove an object that nothing names; where there is none, that is well.

        For what was put and then could not be kept. Raises as ``put``.
        """

    @property
    def public_base(self) -> str | None:
        """The address that a key is appended to (no trailing slash); None when URLs are signed."""

    async def url(
        self,
        key: str,
        *,
        width: int | None = None,
        format: ImageFormat | None = None,  # noqa: A002 - the public name of the argument
        expires_in: int = DEFAULT_URL_SECONDS,
    ) -> str:
        """Return an address that a browser can open.

        Args:
            key: The object's key.
            width: Pixels to resize to, where the store's address can; never enlarges.
            format: The format to convert to, where the store's address can.
            expires_in: Seconds that a signed address holds; ignored for public ones.

        Raises:
            InvalidKey: ``key`` is none.
            ValueError: ``width`` is not from 1 to 4096, or ``expires_in`` of a signed address
                not from 1 to ``MAX_URL_SECONDS``.
        """

    async def check(self) -> None:
        """Make sure that the store can be used, without retries. Raises as ``put``.

        Where a marker is required it must be there: an empty folder in place of a volume that is
        not mounted is none that can be used.
        """

    async def read_marker(self) -> str | None:
        """Return the id of the store, from its marker; None: it has none. Raises as ``get``."""

    async def write_marker(self, store_id: str) -> str:
        """Give the store an id, unless it has one; return the id that it has. Raises as ``put``."""

    def require_marker(self, store_id: str) -> None:
        """From now on use the store only while its marker has this id."""

    async def exists(self, key: str) -> bool:
        """Tell whether there is anything under a key, as a listing has it. Raises as ``get``."""

    def listing(self, prefix: str) -> AsyncIterator[Sequence[ListedObject]]:
        """List the objects beneath a prefix such as ``generated/``, in the order of their bytes.

        In pages of at most 1,000, in bounded memory however many there are. Raises as ``get``.
        """

    async def set_aside(self, key: str) -> None:
        """Move an object to the same key beneath ``QUARANTINE``; one that is gone is left.

        Raises as ``put``.
        """

    async def close(self) -> None:
        """Give back connections."""
