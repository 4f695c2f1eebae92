"""Loaders whose values several fields of an operation wait for."""

import asyncio
from collections.abc import Awaitable, Hashable
from typing import TypeVar

from strawberry.dataloader import DataLoader

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class SharedLoader(DataLoader[Key, Value]):
    """Loads the keys requested in one turn of the loop by one call, each key once.

    An error in a field cancels what its siblings wait for. Other fields may wait for the same
    value: theirs is not canceled with it.
    """

    def load(self, key: Key) -> Awaitable[Value]:
        """Return an awaitable of the value of a key."""
        return asyncio.shield(asyncio.ensure_future(super().load(key)))
