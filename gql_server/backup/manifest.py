"""The manifest of a backup: what is in it, written last."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Self

from gql_server import __version__
from gql_server.backup.errors import BackupError
from gql_server.domain.clock import read_moment, to_iso

NAME: Final = "backup.json"
"""Name of the manifest in a backup."""

_FORMAT: Final = 1


class FileKind(StrEnum):
    """What a file of a backup is."""

    DATABASE = "database"
    JOBS = "jobs"
    SECRET = "secret"  # noqa: S105 - the kind of a file


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFile:
    """A file of a backup.

    Attributes:
        kind: What it is.
        name: Its name in the backup.
        restored_as: For a secret, its name in ``DATA_DIR``.
        size_bytes: Its size.
        sha256: The SHA-256 of its bytes, in hex.
    """

    kind: FileKind
    name: str
    restored_as: str = ""
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is in a backup.

    Attributes:
        is_complete: Whether the backup can be restored; False while the first one is made.
        store_id: The store that has the images; None if the database knows none.
        has_images: Whether the images are in the backup; not if they are in a bucket.
        revision: The database's.
        files: The files beside the images.
        kept_elsewhere: Settings that the server needs and that the backup does not have.
        created_at: When it was started: it has everything up to then.
        version: The version of gql_server that made it.
    """

    is_complete: bool
    store_id: str | None = None
    has_images: bool = False
    revision: str | None = None
    files: Sequence[SavedFile] = ()
    kept_elsewhere: Sequence[str] = ()
    created_at: datetime
    version: str = field(default=__version__)

    def to_json(self) -> bytes:
        """Write it as JSON."""
        written = {"format": _FORMAT, **asdict(self), "created_at": to_iso(self.created_at)}
        return json.dumps(written, indent=2).encode()

    @classmethod
    def from_json(cls, content: bytes, place: str) -> Self:
        """Read what ``to_json`` wrote.

        Raises:
            BackupError: It is not a manifest, or one of a newer version.
        """
        try:
            written = json.loads(content)
            if written["format"] > _FORMAT:
                raise BackupError(
                    f"{place}: the backup was made by gql_server {written['version']}, which is "
                    f"newer than this, {__version__}. Use that version or a later one"
                )
            return cls._read(written)
        except (ValueError, KeyError, TypeError) as error:
            raise BackupError(
                f"{place}: its {NAME} is damaged; it cannot be used as a backup"
            ) from error

    @classmethod
    def _read(cls, written: Mapping[str, Any]) -> Self:
        given = {name: value for name, value in written.items() if name != "format"}
        files = [SavedFile(**one | {"kind": FileKind(one["kind"])}) for one in given["files"]]
        return cls(**given | {"files": files, "created_at": read_moment(given["created_at"])})

    def file_of(self, kind: FileKind) -> SavedFile | None:
        """Return the first file of a kind, or None."""
        return next((one for one in self.files if one.kind == kind), None)
