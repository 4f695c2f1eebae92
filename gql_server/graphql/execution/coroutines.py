"""The coroutines of an operation: those that have not started are closed when it ends early.

A coroutine that is dropped before it starts makes Python warn of a missing ``await``. An operation
that is canceled, or whose result an error has decided, drops whole trees of them.
"""

from collections.abc import Awaitable, Coroutine
from inspect import CORO_CREATED, getcoroutinestate
from types import CoroutineType
from typing import Any, Final, TypeGuard

from strawberry.execution import optimized_is_awaitable

_PLAIN: Final = frozenset({type(None), bool, int, float, str, list, dict, tuple})


class Coroutines:
    """Records the coroutines of one operation."""

    def __init__(self) -> None:
        self._made: Final[list[Coroutine[Any, Any, Any]]] = []

    def record(self, coroutine: Coroutine[Any, Any, Any]) -> None:
        """Record a coroutine that the executor awaits without asking ``is_awaitable``."""
        self._made.append(coroutine)

    def is_awaitable(self, value: Any) -> TypeGuard[Awaitable[Any]]:
        """Return whether a value can be awaited, and record it if it is a coroutine.

        The executor asks this of each value that it will await.
        """
        kind = type(value)
        if kind in _PLAIN:
            return False
        if kind is CoroutineType:
            self._made.append(value)
            return True
        return optimized_is_awaitable(value)

    def close_unstarted(self) -> None:
        """Close every coroutine that has not started."""
        for one in self._made:
            close_unstarted(one)


def close_unstarted(value: Any) -> bool:
    """Close a coroutine that has not started; return whether it was one."""
    if type(value) is not CoroutineType or getcoroutinestate(value) != CORO_CREATED:
        return False
    value.close()
    return True
