"""How an audit of the store is shown while it runs: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from types import TracebackType
from typing import Final, Self

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from gql_server.ledger.audit.store import AuditProgress

_SECONDS_BETWEEN_LINES: Final = 10.0


class StoreAuditDisplay:
    """Shows the progress of an audit on standard error; a context manager around its run."""

    def __init__(self) -> None:
        self._bar: Progress | None = None
        console = Console(stderr=True, highlight=False, markup=False)
        if sys.stderr.isatty() and not console.is_dumb_terminal:
            self._bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(),
                MofNCompleteColumn(),
                TimeRemainingColumn(),
                console=console,
                transient=True,
            )
            self._task = self._bar.add_task("Comparing", total=None)
        self._has_started = False
        self._shown_at = time.monotonic()

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

    def show(self, progress: AuditProgress) -> None:
        """Show how far the audit has come."""
        if not self._has_started:
            self._has_started = True
            if progress.resumed_at is not None:
                typer.echo(
                    f"Continues the audit that was interrupted at {progress.resumed_at:%F %T} UTC; "
                    "--restart starts over.",
                    err=True,
                )
        doing = "Repairing" if progress.is_repairing else "Comparing"
        done, total = progress.report.rows, max(progress.total_rows, progress.report.rows)
        if self._bar is not None:
            self._bar.update(self._task, description=doing, completed=done, total=total)
        elif time.monotonic() - self._shown_at > _SECONDS_BETWEEN_LINES:
            self._shown_at = time.monotonic()
            typer.echo(f"{doing}: {done} of {total} images and uploads", err=True)
