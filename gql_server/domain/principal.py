"""Who asks."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

DEFAULT_USER: Final = "default_user"
"""Everyone, as long as the server asks nobody who they are."""

_NOBODY: Final = ""
"""No user has this id."""


class Role(StrEnum):
    """What somebody may do; each may what those before it may."""

    READER = "reader"
    CREATOR = "creator"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Tell whether this role may what another may."""
        return _ORDER[self] >= _ORDER[other]


_ORDER: Final = {role: place for place, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Principal:
    """The user on whose behalf something is done; they see and own what is theirs.

    Attributes:
        user_id: Who owns what is made.
        key_id: The API key that was shown; None where none is asked for.
        role: What they may do.
        expires_at: When they must show themselves anew; None: they need not. It makes nobody
            another.
    """

    user_id: str = DEFAULT_USER
    key_id: str | None = None
    role: Role = Role.CREATOR
    expires_at: datetime | None = field(default=None, compare=False)

    @property
    def is_admin(self) -> bool:
        """Whether they may see and change everyone's, and manage the server."""
        return self.role is Role.ADMIN

    def owner_filter(self, asked: str | None = None) -> str | None:
        """Return whose things are looked at; None is everyone's, which only an admin sees.

        What is another's does not exist for anybody else: asked for, it is nobody's.

        Args:
            asked: The user whose things are asked for; None asks for all that may be seen.
        """
        if self.is_admin:
            return asked
        return self.user_id if asked in {None, self.user_id} else _NOBODY


def is_plain_user_id(text: str) -> bool:
    """Tell whether a user's id can be shown as it is: printable, without space around it."""
    return text.isprintable() and text == text.strip()


EVERYONE: Final = Principal(role=Role.ADMIN)
"""Whoever asks a server that asks nobody who they are."""
