"""pytest's workers, forked from one process that has imported the tests: 16 seconds for each."""

import sys
from collections.abc import Sequence

import pytest

from tests.support.warm_processes import Starter, with_popen


class WarmWorkers:
    """A plugin of the process that distributes the tests."""

    def __init__(self) -> None:
        self._patch = pytest.MonkeyPatch()
        self._starter: Starter | None = None

    def pytest_xdist_setupnodes(self, config: pytest.Config) -> None:
        """Have execnet fork them; where tests cannot be imported, it starts them as usual."""

        def is_worker(command: Sequence[str], _environment: object) -> bool:
            return list(command[:3]) == [sys.executable, "-u", "-c"]

        folder = config.invocation_params.dir
        starter = self._starter = Starter(*(str(folder / path) for path in config.args))
        warm = property(lambda _model: with_popen(starter, is_worker))
        self._patch.setattr("execnet.gateway_base.MainThreadOnlyExecModel.subprocess", warm)

    def pytest_unconfigure(self) -> None:
        """Have the starter end."""
        self._patch.undo()
        if self._starter is not None:
            self._starter.close()
