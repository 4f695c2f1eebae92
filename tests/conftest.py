"""How tests are collected and distributed. Fixtures are in tests/fixtures.py."""

import gc
import importlib
import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.support.leftovers import memory_folder
from tests.support.time_limit import TimeLimit
from tests.support.warm_workers import WarmWorkers

E2E = Path(__file__).parent / "e2e"
TRIAL_SECONDS = 1800


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(TimeLimit(grace=180))
    if config.getoption("dist", "no") != "no" and not config.option.collectonly:
        config.pluginmanager.register(WarmWorkers())
    else:
        config.pluginmanager.register(importlib.import_module("tests.fixtures"))
    if folder := memory_folder():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", folder)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Have a worker more than processors: tests wait for a third of their time."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, Any, Any]:
    """Collect without looking for garbage: what is imported stays, and looking takes seconds.

    Servers of tests make much that stays until they stop, so that looking seldom is enough.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.set_threshold(10_000)
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long tests, so that no worker is left with one at the end.

    Trials of ``make test-survival`` may take longer than the tests of the suite.
    """
    for item in items:
        if item.get_closest_marker("survival") and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(TRIAL_SECONDS))
    items.sort(key=lambda item: not item.path.is_relative_to(E2E))
