"""Signed URLs: anyone who has one can see one image for a limited time."""

import os
import re
import secrets
from base64 import urlsafe_b64encode
from contextlib import suppress
from hmac import compare_digest, digest
from pathlib import Path
from time import time
from typing import Final

from gql_server.storage.disk import DiskRefused, make_folder, sync_folder

_MOMENT: Final = re.compile(r"[0-9]{1,12}")
_SECRET_BYTES: Final = 32
_LATITUDE: Final = 10
"""A URL may be valid longer than requested by this fraction."""


class UrlSigner:
    """Signs keys of objects until a time; all who share the secret sign alike."""

    def __init__(self, secret: bytes, *others: bytes) -> None:
        """Take the secrets, each of at least 32 random bytes.

        Args:
            secret: It signs.
            others: Their signatures are accepted, too, while secrets are rotated.
        """
        self._secret = secret
        self._accepted = (secret, *others)

    def sign(self, key: str, *, expires_in: int, variant: str = "") -> dict[str, str | int]:
        """Return the query parameters that give access to the key's object.

        They are valid up to a tenth longer, so that the same URL is returned for a while and
        browsers can cache the image.

        Args:
            key: The object's key.
            expires_in: Seconds, at least 1.
            variant: The rendition, as it is part of the URL.
        """
        step = max(1, expires_in // _LATITUDE)
        expires = (int(time()) + expires_in + step) // step * step
        signature = _signature(self._secret, key, expires, variant)
        return {"expires": expires, "signature": signature}

    def seconds_left(
        self, key: str, expires: str | None, signature: str | None, *, variant: str = ""
    ) -> int:
        """Return how long parameters of ``sign`` remain valid, in seconds; 0 if they are not."""
        if expires is None or signature is None or not _MOMENT.fullmatch(expires):
            return 0
        if not signature.isascii():
            return 0
        if not any(
            compare_digest(signature, _signature(secret, key, int(expires), variant))
            for secret in self._accepted
        ):
            return 0
        return max(0, int(expires) - int(time()))


def _signature(secret: bytes, key: str, expires: int, variant: str) -> str:
    signed = digest(secret, f"{expires}:{key}:{variant}".encode(), "sha256")
    return urlsafe_b64encode(signed).decode().rstrip("=")


def kept_secret(path: Path) -> bytes:
    """Read a secret from a file, which is created once for all processes that share its folder.

    Raises:
        OSError: The file cannot be read or created, or has no secret.
    """
    if not path.exists():
        _make_secret(path)
    secret = path.read_bytes()
    if len(secret) < _SECRET_BYTES:
        message = f"{path} has no secret of {_SECRET_BYTES} bytes; remove it to have one made"
        raise DiskRefused(message)
    return secret


def _make_secret(path: Path) -> None:
    make_folder(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    # Accessible to the server's own user only, from the start.
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was first; its secret is used
            os.link(draft, path)
    finally:
        draft.unlink()
    sync_folder(path.parent)
