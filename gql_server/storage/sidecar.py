"""The file beside an object's bytes, which describes it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gql_server.storage.disk import DiskRefused
from gql_server.storage.store import StoredObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecar:
    """The content of a sidecar file.

    Attributes:
        content_type: Such as ``image/png``.
        metadata: As passed by the caller.
        digest: The SHA-256 of the bytes, in hex.
        part: The file name under which the bytes were first written.
    """

    content_type: str
    metadata: Mapping[str, str]
    digest: str
    part: str

    @classmethod
    def of(cls, stored: StoredObject, *, part: str) -> Self:
        """Describe an object whose bytes are in a part."""
        return cls(
            content_type=stored.content_type,
            metadata=dict(stored.metadata),
            digest=hashlib.sha256(stored.data).hexdigest(),
            part=part,
        )

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a sidecar file.

        Raises:
            OSError: The file cannot be read.
            DiskRefused: It is not a sidecar; the message says what to do.
        """
        content = path.read_bytes()
        try:
            said = json.loads(content)
            return cls(
                content_type=said["content_type"],
                metadata=said["metadata"],
                digest=said["sha256"],
                part=said["part"],
            )
        except (ValueError, KeyError, TypeError) as error:
            message = f"{path} is damaged; remove it and the file that it describes"
            raise DiskRefused(message) from error

    def to_json(self) -> bytes:
        """Return the content of a sidecar file."""
        said = {
            "content_type": self.content_type,
            "metadata": self.metadata,
            "sha256": self.digest,
            "part": self.part,
        }
        return json.dumps(said, indent=1, ensure_ascii=False).encode()
