"""The secrets of API keys: their form, and what is stored of them.

A secret is ``gqls_``, twelve characters to find its key by, and 43 random ones:
``gqls_4k2m9x7c1q8z_…``. The start is fixed so that secret scanners recognize it.
"""

import re
import secrets
import string
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest
from typing import Final

_LOOKED_UP: Final = 12
_GUESSED: Final = 43
"""Characters out of 62: 256 bits."""

_FORM: Final = re.compile(
    rf"(?P<prefix>gqls_[0-9a-z]{{{_LOOKED_UP}}})_[0-9A-Za-z]{{{_GUESSED}}}", re.ASCII
)
_LOWER: Final = string.digits + string.ascii_lowercase
_ALL: Final = string.digits + string.ascii_letters


@dataclass(frozen=True, slots=True)
class KeySecret:
    """A new secret, which is shown once; only ``prefix`` and ``digest`` are stored.

    Attributes:
        text: The secret itself; ``repr`` leaves it out.
        prefix: Its start, unique among all keys.
        digest: What ``is_secret_of`` compares with.
    """

    text: str = field(repr=False)
    prefix: str
    digest: str = field(repr=False)


def new_secret() -> KeySecret:
    """Create a secret from the system's randomness."""
    prefix = f"gqls_{_draw(_LOWER, _LOOKED_UP)}"
    text = f"{prefix}_{_draw(_ALL, _GUESSED)}"
    return KeySecret(text, prefix, _digest(text))


def prefix_of(text: str) -> str | None:
    """Return the prefix of a secret, or None if the text does not have the form of one."""
    found = _FORM.fullmatch(text)
    return found["prefix"] if found else None


def is_secret_of(text: str, digest: str) -> bool:
    """Return whether a digest is this secret's, in constant time."""
    return compare_digest(_digest(text), digest)


def _draw(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


def _digest(text: str) -> str:
    # A slow, salted hash is for passwords that people choose, which can be guessed. 2^256 random
    # secrets cannot, and every request pays for the hash.
    return sha256(text.encode()).hexdigest()
