"""How the progress of a long command is shown: a bar on a terminal, plain lines elsewhere."""

import time
from types import TracebackType
from typing import Any, Final, Self

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

_SECONDS_BETWEEN_LINES: Final = 10.0


class BarDisplay:
    """Shows a bar, if it is on a terminal; a context manager around the time in which it runs."""

    def __init__(
        self, console: Console, *columns: ProgressColumn, transient: bool = False, **fields: Any
    ) -> None:
        """Take where the bar is shown, its columns, and what these read of its task.

        ``transient`` bars disappear at the end.
        """
        self._bar: Progress | None = None
        if console.file.isatty() and not console.is_dumb_terminal:
            self._bar = Progress(*columns, console=console, transient=transient)
            self._task = self._bar.add_task("", total=None, **fields)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()


class ProgressDisplay(BarDisplay):
    """Shows progress on standard error."""

    def __init__(self) -> None:
        super().__init__(
            Console(stderr=True, highlight=False, markup=False),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            transient=True,
        )
        self._shown_at = time.monotonic()

    def show(self, doing: str, done: int, total: int) -> None:
        """Show a step, and how much of it is done; may be called from any thread."""
        if self._bar is not None:
            self._bar.update(self._task, description=doing, completed=done, total=total)
        elif time.monotonic() - self._shown_at > _SECONDS_BETWEEN_LINES:
            self._shown_at = time.monotonic()
            typer.echo(f"{doing}: {done} of {total}", err=True)
