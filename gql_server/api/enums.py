"""API enums have the domain's members as their values; this reads them back."""

from enum import Enum
from typing import TypeVar

E = TypeVar("E", bound=Enum)


def domain_member(kind: type[E], member: Enum) -> E:
    """Return the domain's member that an API enum's member stands for."""
    return kind(member.value)
