"""``gql-server batch``."""

import asyncio
import os
import shlex
import sys
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn, TypeVar
from urllib.parse import urlsplit

import httpx
import typer

from gql_server.cli.batch_display import Display, print_result
from gql_server.client.answers import UserError
from gql_server.client.batch import (
    BatchRefused,
    Result,
    resume_batch,
    save_batch,
    start_batch,
)
from gql_server.client.errors import ServerRefused
from gql_server.client.folder import FolderFault, OutputFolder, one_line
from gql_server.client.retry_policy import ServerUnreachable
from gql_server.client.server import Server, open_server
from gql_server.settings.secret_files import SecretFileError, read_secret
from gql_server.text_files import TextFileError, decode, read_text

KEY_VARIABLE: Final = "GQL_SERVER_KEY"
_KEY_FILE_VARIABLE: Final = f"{KEY_VARIABLE}_FILE"

_NOT_WHOLE: Final = 1
_WRONG: Final = 2
_NOT_SAVED: Final = 3
_INTERRUPTED: Final = 130
_SHOWN_CHARACTERS: Final = 60

T = TypeVar("T")


class _Priority(StrEnum):
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


def batch(
    out: Annotated[
        Path, typer.Option(help="Folder for the images. Use one folder for each batch.")
    ],
    prompts: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE]",
            help="File with one prompt per line, or - for standard input. Blank "
            "lines and lines that start with # are skipped.",
        ),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Continue this batch instead of starting one."),
    ] = None,
    server: Annotated[
        str, typer.Option(envvar="GQL_SERVER_URL", help="URL of the server.")
    ] = "http://127.0.0.1:8000",
    model: Annotated[
        str | None, typer.Option(help="Model to use, such as @cf/black-forest-labs/flux-1-schnell.")
    ] = None,
    template: Annotated[str | None, typer.Option(help="ID of a template, tpl_….")] = None,
    width: Annotated[int | None, typer.Option(help="Pixels.")] = None,
    height: Annotated[int | None, typer.Option(help="Pixels.")] = None,
    steps: Annotated[int | None, typer.Option(help="Number of denoising steps.")] = None,
    guidance: Annotated[float | None, typer.Option(help="Guidance scale.")] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Seed of the first image of each prompt; incremented for the others."),
    ] = None,
    negative_prompt: Annotated[
        str | None, typer.Option(help="Things the images should not show.")
    ] = None,
    images_per_prompt: Annotated[
        int | None, typer.Option(help="Number of images for each prompt. Defaults to 1.")
    ] = None,
    priority: Annotated[
        _Priority | None, typer.Option(help="Priority among your own batches.")
    ] = None,
    max_cost: Annotated[
        float | None, typer.Option(help="Maximum cost of the batch, in US dollars.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option(help="Tag for the images. Can be repeated.")
    ] = None,
    idempotency_key: Annotated[
        str | None, typer.Option(help="Idempotency key. Defaults to a generated one.")
    ] = None,
    cancel_on_interrupt: Annotated[
        bool, typer.Option("--cancel-on-interrupt", help="Cancel the batch on Ctrl-C.")
    ] = False,
) -> None:
    """Make many pictures on a running server, and save them as they come.

    The API key is read from the environment, GQL_SERVER_KEY, or from the file that
    GQL_SERVER_KEY_FILE names. Ctrl-C leaves the batch running: the
    same command, or --resume, goes on with it. Exits 0 when every picture was made and saved, 1
    when some were not, 2 when the request is wrong, 3 when an accepted batch could not be watched
    or saved to its end, or the server not be reached, 130 after Ctrl-C.
    """
    settings: dict[str, Any] = {
        "model": model,
        "templateId": template,
        "width": width,
        "height": height,
        "steps": steps,
        "guidance": guidance,
        "seed": seed,
        "negativePrompt": negative_prompt,
        "imagesPerPrompt": images_per_prompt,
        "priority": priority.name if priority is not None else None,
        "maxCost": max_cost,
        "tags": tag or None,
        "idempotencyKey": idempotency_key,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    lines: Sequence[str] = ()
    if resume is None:
        lines = _read_prompts(prompts)
        given["pictures"] = {"prompts": lines}
    elif prompts is not None or given:
        _refuse("--resume continues an existing batch: it takes no prompts and no settings.")
    folder = OutputFolder(out)
    run = _Run(_checked_address(server), folder, Display(out))
    result = run.result(given, resume, lines, cancels=cancel_on_interrupt)
    print_result(result, folder)
    if not result.is_whole:
        raise typer.Exit(_NOT_WHOLE)


class _Run:
    def __init__(self, server: str, folder: OutputFolder, display: Display) -> None:
        self._server = server
        self._folder = folder
        self._display = display
        self._key = _read_key()
        self._batch_id: str | None = None

    def result(
        self, wanted: dict[str, Any], resume: str | None, prompts: Sequence[str], *, cancels: bool
    ) -> Result:
        """Bring a batch into the folder; end the command where that fails, and say how to go on."""
        try:
            with self._folder.held():
                return self._save(wanted, resume, cancels=cancels)
        except BatchRefused as refused:
            _refuse("\n".join(_describe(error, prompts) for error in refused.errors))
        except FolderFault as fault:
            if self._batch_id is None:
                _refuse(str(fault))
            self._stop(str(fault))
        except ServerRefused as refused:
            hint = f" {KEY_VARIABLE} has the key." if refused.asks_who else ""
            reason = f"{self._server}: {one_line(str(refused))}{hint}"
            if self._batch_id is None and self._folder.request() is None:
                _refuse(reason)
            self._stop(reason)
        except ServerUnreachable as unreachable:
            self._stop(f"{self._server} cannot be reached: {one_line(str(unreachable))}")
        except OSError as error:
            self._stop(f"{error.filename or self._folder.path}: {error.strerror or error}")
        except typer.Exit:
            raise
        except Exception:
            typer.echo(self._how_to_go_on(), err=True)
            raise

    def _stop(self, reason: str) -> NoReturn:
        typer.echo(reason, err=True)
        typer.echo(self._how_to_go_on(), err=True)
        raise typer.Exit(_NOT_SAVED)

    def _save(self, wanted: dict[str, Any], resume: str | None, *, cancels: bool) -> Result:
        """Start or resume, watch and save; end the command at Ctrl-C."""

        async def work(server: Server, http: httpx.AsyncClient) -> Result:
            if resume is not None:
                batch_id = await resume_batch(server, self._folder, resume, self._display)
            else:
                batch_id = await start_batch(server, self._folder, wanted, self._display)
            self._batch_id = batch_id
            return await save_batch(server, http, self._folder, batch_id, self._display)

        try:
            with self._display:
                return self._with_server(work)
        except KeyboardInterrupt:
            if cancels:
                with suppress(KeyboardInterrupt):  # a second one: not even that
                    self._cancel()
            typer.echo(self._how_to_go_on(), err=True)
            raise typer.Exit(_INTERRUPTED) from None

    def _how_to_go_on(self) -> str:
        batch_id = self._batch_id
        if batch_id is None:
            try:
                request = self._folder.request()
            except FolderFault as fault:
                return str(fault)
            if request is None:
                return "Nothing was requested."
            batch_id = request.batch_id
        if batch_id is None:
            return (
                "It is not known whether the batch was accepted. Run the same command "
                "again: the batch is started only once."
            )
        command = ["gql-server", "batch", "--resume", batch_id, "--out", str(self._folder.path)]
        return f"Batch {batch_id} is left to its server; go on with: {shlex.join(command)}"

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


def _read_key() -> str | None:
    key, file = os.environ.get(KEY_VARIABLE), os.environ.get(_KEY_FILE_VARIABLE)
    if key and file:
        _refuse(f"{_KEY_FILE_VARIABLE}: set it or {KEY_VARIABLE}, not both.")
    try:
        return read_secret(_KEY_FILE_VARIABLE, file) if file else key
    except SecretFileError as error:
        _refuse(str(error))


def _read_prompts(name: str | None) -> list[str]:
    if name is None:
        _refuse(
            "Name a file of prompts, or - for standard input; or continue a batch with --resume ID."
        )
    try:
        if name == "-":
            text = decode("standard input", sys.stdin.buffer.read())
        else:
            text = read_text(Path(name))
    except TextFileError as error:
        _refuse(str(error))
    lines = [line.strip() for line in text.split("\n")]
    prompts = [line for line in lines if line and not line.startswith("#")]
    if not prompts:
        _refuse(f"{name}: the file has no prompts.")
    return prompts


def _checked_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_usable = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        is_usable = False
    if not is_usable:
        _refuse("--server: give an address such as http://127.0.0.1:8000")
    if parts.username or parts.password or parts.query or parts.fragment:
        _refuse(f"--server: give only the address; set the key in {KEY_VARIABLE}.")
    return url


def _describe(error: UserError, prompts: Sequence[str]) -> str:
    return one_line(": ".join([*_place(error, prompts), error.message]))


def _place(error: UserError, prompts: Sequence[str]) -> Iterator[str]:
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


def _refuse(message: str) -> NoReturn:
    typer.echo(message, err=True)
    raise typer.Exit(_WRONG)
