"""One run of ``gql-server batch``: starts or resumes a batch, and ends the command."""

import asyncio
import shlex
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, NoReturn, TypeVar

import typer

from gql_server.cli.batches.display import Display
from gql_server.cli.batches.folder import OutputFolder, OutputFolderError, one_line
from gql_server.cli.batches.save import Result, resume_batch, save_batch, start_batch
from gql_server.cli.client_options import read_key, refuse
from gql_server.client import (
    AsyncClient,
    GqlServerError,
    Rejected,
    ServerUnreachable,
    Unauthenticated,
    UserError,
)
from gql_server.client.options import KEY_VARIABLE

_RETRY_SECONDS: Final = 600.0
_NOT_SAVED: Final = 3
_INTERRUPTED: Final = 130
_SHOWN_CHARACTERS: Final = 60

T = TypeVar("T")


class BatchRun:
    """Brings a batch into a folder, and says how to continue if that fails."""

    def __init__(self, server: str, folder: OutputFolder, display: Display) -> None:
        self._server = server
        self._folder = folder
        self._display = display
        self._key = read_key()
        self._batch_id: str | None = None

    def result(
        self, request: dict[str, Any], resume: str | None, prompts: Sequence[str], *, cancels: bool
    ) -> Result:
        """Save a batch; if that fails, end the command and say how to continue."""
        try:
            with self._folder.held():
                return self._save(request, resume, cancels=cancels)
        except OutputFolderError as error:
            if self._batch_id is None:
                refuse(str(error))
            self._stop(str(error))
        except ServerUnreachable as unreachable:
            self._stop(f"{self._server} cannot be reached: {one_line(str(unreachable))}")
        except GqlServerError as error:
            if isinstance(error, Rejected) and resume is None and self._folder.request() is None:
                refuse("\n".join(_describe(one, prompts) for one in error.errors))
            hint = f" {KEY_VARIABLE} has the key." if isinstance(error, Unauthenticated) else ""
            reason = f"{self._server}: {one_line(str(error))}{hint}"
            if self._batch_id is None and self._folder.request() is None:
                refuse(reason)
            self._stop(reason)
        except OSError as error:
            self._stop(f"{error.filename or self._folder.path}: {error.strerror or error}")
        except typer.Exit:
            raise
        except Exception:
            typer.echo(self._how_to_continue(), err=True)
            raise

    def _stop(self, reason: str) -> NoReturn:
        typer.echo(reason, err=True)
        typer.echo(self._how_to_continue(), err=True)
        raise typer.Exit(_NOT_SAVED)

    def _save(self, request: dict[str, Any], resume: str | None, *, cancels: bool) -> Result:
        """Start or resume a batch, watch and save it; Ctrl-C ends the command."""

        async def work(client: AsyncClient) -> Result:
            if resume is not None:
                batch_id = await resume_batch(client, self._folder, resume, self._display)
            else:
                batch_id = await start_batch(client, self._folder, request, self._display)
            self._batch_id = batch_id
            return await save_batch(client, self._folder, batch_id, self._display)

        try:
            with self._display:
                return self._with_client(work)
        except KeyboardInterrupt:
            if cancels:
                with suppress(KeyboardInterrupt):  # a second Ctrl-C does not wait for it
                    self._cancel()
            typer.echo(self._how_to_continue(), err=True)
            raise typer.Exit(_INTERRUPTED) from None

    def _how_to_continue(self) -> str:
        batch_id = self._batch_id
        if batch_id is None:
            try:
                request = self._folder.request()
            except OutputFolderError as error:
                return str(error)
            if request is None:
                return "Nothing was requested."
            batch_id = request.batch_id
        if batch_id is None:
            return (
                "It is not known whether the batch was accepted. Run the same command "
                "again: the batch is started only once."
            )
        command = ["gql-server", "batch", "--resume", batch_id, "--out", str(self._folder.path)]
        return f"Batch {batch_id} still runs on the server; continue with: {shlex.join(command)}"

    def _cancel(self) -> None:
        request = self._folder.request()
        if request is None or request.batch_id is None:
            return
        batch_id = request.batch_id

        async def work(client: AsyncClient) -> None:
            try:
                await client.cancel_batch(batch_id)
            except Rejected as rejected:
                for error in rejected.errors:
                    typer.echo(one_line(error.message), err=True)
            else:
                typer.echo(
                    f"Batch {batch_id} is canceled. Images that were being generated are kept.",
                    err=True,
                )

        self._with_client(work)

    def _with_client(self, work: Callable[[AsyncClient], Awaitable[T]]) -> T:
        async def run() -> T:
            async with AsyncClient(
                self._server,
                api_key=self._key or "",
                retry_seconds=_RETRY_SECONDS,
                on_retry=self._display.lost,
                on_transport=self._display.changed_transport,
            ) as client:
                return await work(client)

        return asyncio.run(run())


def _describe(error: UserError, prompts: Sequence[str]) -> str:
    return one_line(": ".join([*_location(error, prompts), error.message]))


def _location(error: UserError, prompts: Sequence[str]) -> Iterator[str]:
    match list(error.path):
        case ["input", "pictures", "prompts", index, *_] if index.isdecimal():
            number = int(index)
            yield f"{number:04}"
            if number < len(prompts):
                prompt = prompts[number]
                shown = prompt[:_SHOWN_CHARACTERS]
                yield f'"{shown}{"…" if shown != prompt else ""}"'
        case ["input", *path] if path:
            yield ".".join(path)
