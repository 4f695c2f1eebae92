"""Who asks."""

from dataclasses import dataclass
from typing import Final

DEFAULT_USER: Final = "default_user"
"""Everyone, as long as the server asks nobody who they are."""


@dataclass(frozen=True, slots=True)
class Principal:
    """The user on whose behalf something is done; they see and own what is theirs."""

    user_id: str = DEFAULT_USER
