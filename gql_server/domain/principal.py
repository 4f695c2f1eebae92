"""Who asks."""

from dataclasses import dataclass
from typing import Final

DEFAULT_USER: Final = "default_user"
"""Everyone, as long as the server asks nobody who they are."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The user on whose behalf something is done; they see and own what is theirs.

    Attributes:
        user_id: Who owns what is made.
        key_id: The API key that was shown; None where none is asked for.
    """

    user_id: str = DEFAULT_USER
    key_id: str | None = None
