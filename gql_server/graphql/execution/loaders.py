"""Loaders whose values several fields of an operation wait for."""

import asyncio
from collections.abc import Awaitable, Hashable
from typing import TypeVar

from strawberry.dataloader import DataLoader

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class SharedLoader(DataLoader[Key, Value]):
    """Loads what is asked for in one turn by one call, and each thing once.

    An error in one field cancels what its siblings wait for, which other fields may wait for too:
    theirs is not cancelled with it.
    """

    def load(self, key: Key) -> Awaitable[Value]:
        """Return what is awaited for the value of a key."""
        return asyncio.shield(asyncio.ensure_future(super().load(key)))
