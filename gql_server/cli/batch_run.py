"""One run of ``gql-server batch``: starts or resumes a batch, and ends the command."""

import asyncio
import os
import shlex
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, Final, NoReturn, TypeVar

import httpx
import typer

from gql_server.cli.batch_display import Display
from gql_server.client.answers import UserError
from gql_server.client.batch import BatchRefused, Result, resume_batch, save_batch, start_batch
from gql_server.client.errors import ServerRefused
from gql_server.client.folder import OutputFolder, OutputFolderError, one_line
from gql_server.client.retry_policy import ServerUnreachable
from gql_server.client.server import Server, open_server
from gql_server.settings.secret_files import SecretFileError, read_secret

KEY_VARIABLE: Final = "GQL_SERVER_KEY"
_KEY_FILE_VARIABLE: Final = f"{KEY_VARIABLE}_FILE"

_WRONG: Final = 2
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
        except BatchRefused as refused:
            refuse("\n".join(_describe(error, prompts) for error in refused.errors))
        except OutputFolderError as error:
            if self._batch_id is None:
                refuse(str(error))
            self._stop(str(error))
        except ServerRefused as refused:
            hint = f" {KEY_VARIABLE} has the key." if refused.requires_auth else ""
            reason = f"{self._server}: {one_line(str(refused))}{hint}"
            if self._batch_id is None and self._folder.request() is None:
                refuse(reason)
            self._stop(reason)
        except ServerUnreachable as unreachable:
            self._stop(f"{self._server} cannot be reached: {one_line(str(unreachable))}")
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

        async def work(server: Server, http: httpx.AsyncClient) -> Result:
            if resume is not None:
                batch_id = await resume_batch(server, self._folder, resume, self._display)
            else:
                batch_id = await start_batch(server, self._folder, request, self._display)
            self._batch_id = batch_id
            return await save_batch(server, http, self._folder, batch_id, self._display)

        try:
            with self._display:
                return self._with_server(work)
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

        async def work(server: Server, _http: httpx.AsyncClient) -> None:
            payload = await server.cancel_batch(batch_id)
            for error in payload.user_errors:
                typer.echo(one_line(error.message), err=True)
            if payload.batch is not None:
                typer.echo(
                    f"Batch {batch_id} is canceled. Images that were being generated are kept.",
                    err=True,
                )

        self._with_server(work)

    def _with_server(self, work: Callable[[Server, httpx.AsyncClient], Awaitable[T]]) -> T:
        async def run() -> T:
            display = self._display
            opened = open_server(self._server, self._key, display.lost, display.changed_way)
            async with opened as (server, http):
                return await work(server, http)

        return asyncio.run(run())


def read_key() -> str | None:
    """Return the API key from the environment; end the command if it cannot be read."""
    key, file = os.environ.get(KEY_VARIABLE), os.environ.get(_KEY_FILE_VARIABLE)
    if key and file:
        refuse(f"{_KEY_FILE_VARIABLE}: set it or {KEY_VARIABLE}, not both.")
    try:
        return read_secret(_KEY_FILE_VARIABLE, file) if file else key
    except SecretFileError as error:
        refuse(str(error))


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


def refuse(message: str) -> NoReturn:
    """End the command because the request is invalid."""
    typer.echo(message, err=True)
    raise typer.Exit(_WRONG)
