"""The caller."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

DEFAULT_USER: Final = "default_user"
"""Every caller of a server without authentication."""

_NO_USER: Final = ""
"""No user has this ID."""


class Role(StrEnum):
    """What a caller may do; each role includes those before it."""

    READER = "reader"
    CREATOR = "creator"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Return whether this role includes another."""
        return _ORDER[self] >= _ORDER[other]


_ORDER: Final = {role: rank for rank, role in enumerate(Role)}


@dataclass(frozen=True, slots=True)
class Principal:
    """The authenticated caller, who sees and owns what is theirs.

    Attributes:
        user_id: The user who owns what is created.
        key_id: The API key that was sent; None if there is none.
        role: The caller's role.
        expires_at: When the caller must authenticate again; None: never. Ignored in comparisons.
    """

    user_id: str = DEFAULT_USER
    key_id: str | None = None
    role: Role = Role.CREATOR
    expires_at: datetime | None = field(default=None, compare=False)

    @property
    def is_admin(self) -> bool:
        """Whether they may see and change all users' objects, and manage the server."""
        return self.role is Role.ADMIN

    def owner_filter(self, requested: str | None = None) -> str | None:
        """Return the user whose objects are visible; None: all users, for admins only.

        Other users' objects do not exist for a caller: a filter by another user finds none.

        Args:
            requested: The user in the request's filter; None: all visible objects.
        """
        if self.is_admin:
            return requested
        return self.user_id if requested in {None, self.user_id} else _NO_USER


def is_plain_user_id(text: str) -> bool:
    """Return whether a user ID is printable as it is, without surrounding space."""
    return text.isprintable() and text == text.strip()


EVERYONE: Final = Principal(role=Role.ADMIN)
"""The caller of a server without authentication."""
