"""How a batch is shown while it is made: a bar on a terminal, plain lines elsewhere."""

import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Final

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TextColumn
from rich.text import Text

from gql_server.cli.batches.folder import OutputFolder, describe_failure, one_line
from gql_server.cli.batches.save import Result
from gql_server.cli.progress_display import BarDisplay
from gql_server.client import Batch, GqlServerError, Transport
from gql_server.domain.clock import now

_SECONDS_BETWEEN_LINES: Final = 5.0
_MAX_FAILURES: Final = 20


class Display(BarDisplay):
    """Shows the progress of a batch."""

    def __init__(self, out: Path) -> None:
        """Take the folder that images are saved to."""
        super().__init__(
            Console(highlight=False, markup=False, soft_wrap=True),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.description}", markup=False),
            _TimeLeft(),
            batch=None,
        )
        self._out = out
        self._is_lost = False
        self._reported_at = float("-inf")
        self._status = ""

    def on_start(self, batch_id: str, idempotency_key: str | None, *, is_resumed: bool) -> None:
        """Say which batch it is."""
        key = f", idempotency key {idempotency_key}" if idempotency_key else ""
        self._say(f"Batch {batch_id} {'continues' if is_resumed else 'is accepted'}{key}")
        self._say(f"Images are saved to {self._out}; Ctrl-C leaves the batch running.")

    def on_progress(self, batch: Batch, saved: int) -> None:
        """Show the progress."""
        if self._is_lost:
            self._is_lost = False
            self._say("Reconnected.")
        if self._bar is not None:
            self._bar.update(
                self._task,
                total=batch.total,
                completed=batch.finished,
                description=_counts(batch, saved),
                batch=batch,
            )
            return
        moment = time.monotonic()
        is_due = (
            batch.status != self._status or moment - self._reported_at >= _SECONDS_BETWEEN_LINES
        )
        if is_due and batch.finished_at is None:
            self._reported_at, self._status = moment, batch.status
            left = _time_left(batch)
            counts = f"{batch.finished}/{batch.total} {_counts(batch, saved)}"
            self._say(f"{counts}, {left}" if left else counts)

    def lost(self, error: GqlServerError) -> None:
        """Print once that the server cannot be reached."""
        if not self._is_lost:
            self._is_lost = True
            self._say(f"The server cannot be reached; retrying: {one_line(str(error))}")

    def changed_transport(self, transport: Transport, reason: str) -> None:
        """Say that the batch is watched by another transport from now on."""
        self._say(f"Watching continues by {transport}: {one_line(reason)}.")

    def _say(self, line: str) -> None:
        if self._bar is not None:
            self._bar.console.print(line)
        else:
            typer.echo(line)


def print_result(result: Result, folder: OutputFolder) -> None:
    """Sum up what became of a batch, and which prompts failed."""
    batch = result.batch
    typer.echo(
        f"Batch {batch.id}: {batch.succeeded} of {batch.total} images generated, "
        f"{batch.failed} failed, {batch.canceled} canceled, {_dollars(batch.cost)}."
    )
    typer.echo(
        f"{result.saved + result.present} images are in {folder.path} "
        f"({result.present} were already there)."
    )
    for item in result.missing:
        typer.echo(
            f"{item.index:04} was generated, but its image can no longer be downloaded.", err=True
        )
    for item in result.failed[:_MAX_FAILURES]:
        typer.echo(f"{describe_failure(item)} – {one_line(item.prompt)}", err=True)
    if len(result.failed) > _MAX_FAILURES:
        typer.echo(f"… and {len(result.failed) - _MAX_FAILURES} more.", err=True)
    if result.failed:
        typer.echo(
            (
                f"The prompts that failed are in {folder.failed_path}; send the file "
                "again with another --out."
            ),
            err=True,
        )


class _TimeLeft(ProgressColumn):
    def render(self, task: Task) -> Text:
        batch: Batch | None = task.fields["batch"]
        return Text(_time_left(batch) if batch is not None else "")


def _counts(batch: Batch, saved: int) -> str:
    failed = f", {batch.failed} failed" if batch.failed else ""
    canceled = f", {batch.canceled} canceled" if batch.canceled else ""
    cost = f"{_dollars(batch.cost)} of about {_dollars(batch.estimated_cost)}"
    return f"done{failed}{canceled}, {saved} saved, {cost}"


def _time_left(batch: Batch) -> str:
    if batch.paused_reason is not None:
        until = f" until {batch.resumes_at:%F %T} UTC" if batch.resumes_at is not None else ""
        return f"paused: {batch.paused_reason}{until}"
    if batch.finished_at is not None or batch.estimated_finish_at is None:
        return ""
    seconds = max(0, round((batch.estimated_finish_at - now()).total_seconds()))
    return f"{timedelta(seconds=seconds)} left"


def _dollars(amount: Decimal) -> str:
    return f"${amount:,.4f}"
