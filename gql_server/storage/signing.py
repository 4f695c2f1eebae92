"""Signatures that let whoever has an address see one picture, for some time."""

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
"""An address may hold longer than was asked for by this part of it."""


class UrlSigner:
    """Signs keys of objects until a moment; whoever has the secret signs alike."""

    def __init__(self, secret: bytes) -> None:
        """Take the secret, of at least 32 random bytes."""
        self._secret = secret

    def sign(self, key: str, *, expires_in: int, variant: str = "") -> dict[str, str | int]:
        """Return the query parameters that let the key's object be seen.

        They hold for up to a tenth longer, so that the same address is given out for a while
        and browsers need not load the same picture again and again.

        Args:
            key: The object's key.
            expires_in: Seconds, at least 1.
            variant: Which rendition of it, as the address asks for it.
        """
        step = max(1, expires_in // _LATITUDE)
        expires = (int(time()) + expires_in + step) // step * step
        return {"expires": expires, "signature": self._signature(key, expires, variant)}

    def seconds_left(
        self, key: str, expires: str | None, signature: str | None, *, variant: str = ""
    ) -> int:
        """Return how long parameters of ``sign`` still let the object be seen; 0: they do not."""
        if expires is None or signature is None or not _MOMENT.fullmatch(expires):
            return 0
        if not signature.isascii():
            return 0
        if not compare_digest(signature, self._signature(key, int(expires), variant)):
            return 0
        return max(0, int(expires) - int(time()))

    def _signature(self, key: str, expires: int, variant: str) -> str:
        signed = digest(self._secret, f"{expires}:{key}:{variant}".encode(), "sha256")
        return urlsafe_b64encode(signed).decode().rstrip("=")


def kept_secret(path: Path) -> bytes:
    """Read a secret from a file, which is made once for all processes that share its folder.

    Raises:
        OSError: The file cannot be read or made, or has no secret.
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
    # For the server's own user alone, from the first moment on.
    descriptor = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):  # another process was faster, and its secret holds
            os.link(draft, path)
    finally:
        draft.unlink()
    sync_folder(path.parent)
