"""A pytest plugin: a coroutine test that takes too long is canceled, and so cleans up.

pytest-timeout raises out of the running event loop. The test's coroutine would stay where it hung,
its servers and processes with it, and go on in the loop of the tests that follow.
"""

import asyncio
import faulthandler
import functools
import math
import os
import time
from collections.abc import Awaitable, Callable, Generator
from inspect import iscoroutinefunction
from typing import Any, Protocol

import pytest

_Test = Callable[..., Awaitable[None]]


class _Timer(Protocol):
    """What pytest-timeout knows about a test's limit."""

    timeout: float


class TimeLimit:
    """Limits coroutine tests to pytest-timeout's seconds.

    The whole of pytest ends with a dump of its stacks where a test passes its limit by ``grace``
    seconds (it blocks the event loop, or does not end when it is canceled), or cleans up for
    longer than that.
    """

    def __init__(self, *, grace: float) -> None:
        self._grace = grace
        self._deadline = math.inf
        self._stderr = os.dup(2)  # before pytest captures it

    @pytest.hookimpl(tryfirst=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: _Timer) -> bool | None:
        self._end_pytest_after(settings.timeout + self._grace)
        self._deadline = time.monotonic() + settings.timeout
        return True if _is_coroutine_test(item) else None

    @pytest.hookimpl(wrapper=True)
    def pytest_pyfunc_call(self, pyfuncitem: pytest.Function) -> Generator[None, Any, Any]:
        test = pyfuncitem.obj
        if hasattr(test, "hypothesis"):
            if iscoroutinefunction(test.hypothesis.inner_test):
                test.hypothesis.inner_test = self._limited(test.hypothesis.inner_test)
        elif iscoroutinefunction(test):
            pyfuncitem.obj = self._limited(test)
        return (yield)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self) -> None:
        self._end_pytest_after(self._grace)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Generator[None, Any, Any]:
        try:
            return (yield)
        finally:
            faulthandler.cancel_dump_traceback_later()
            self._deadline = math.inf

    def _end_pytest_after(self, seconds: float) -> None:
        faulthandler.dump_traceback_later(seconds, exit=True, file=self._stderr)

    def _limited(self, test: _Test) -> _Test:
        @functools.wraps(test)
        async def limited(*given: Any, **named: Any) -> None:
            limit = asyncio.timeout(max(self._deadline - time.monotonic(), 0))
            try:
                async with limit:
                    await test(*given, **named)
            except TimeoutError:
                if limit.expired():
                    pytest.fail("The test took too long and was canceled.")
                raise

        return limited


def _is_coroutine_test(item: pytest.Item) -> bool:
    test = getattr(item, "obj", None)
    return iscoroutinefunction(getattr(getattr(test, "hypothesis", None), "inner_test", test))
