"""``gql-server batch``."""

import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer

from gql_server.cli.batches.display import Display, print_result
from gql_server.cli.batches.folder import OutputFolder
from gql_server.cli.batches.run import BatchRun
from gql_server.cli.client_options import checked_address, refuse
from gql_server.client.inputs import ImageSettings, Priority, batch_input
from gql_server.text_files import TextFileError, decode, read_text

_NOT_WHOLE: Final = 1


class _Priority(StrEnum):
    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


_PRIORITIES: Final[Mapping[_Priority, Priority]] = {
    _Priority.HIGH: "HIGH",
    _Priority.NORMAL: "NORMAL",
    _Priority.LOW: "LOW",
}


def batch(
    out: Annotated[
        Path,
        typer.Option(
            help="Folder for the images, created if there is none. Use one folder for each batch."
        ),
    ],
    prompts: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE]",
            help="File with one prompt per line, 1 to 10,000 in all, or - for standard input. "
            "Blank lines and lines that start with # are skipped.",
        ),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            metavar="ID", help="Continue the batch with this ID, bat_…, instead of starting one."
        ),
    ] = None,
    server: Annotated[
        str, typer.Option(envvar="GQL_SERVER_URL", help="URL of the server.")
    ] = "http://127.0.0.1:8000",
    model: Annotated[
        str | None,
        typer.Option(
            help="ID of the model, such as "
            "@cf/black-forest-labs/flux-1-schnell; `gql-server models` lists all. Required without "
            "--template."
        ),
    ] = None,
    template: Annotated[
        str | None,
        typer.Option(
            help="ID of a template, tpl_…. Its model, prompt "
            "and settings apply where no option sets them."
        ),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(
            help="Image width in pixels, such as 1024. Default and range depend on the model."
        ),
    ] = None,
    height: Annotated[
        int | None,
        typer.Option(
            help="Image height in pixels, such as 768. Default and range depend on the model."
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(
            help="Number of denoising steps, such as 20. More "
            "steps are slower and often sharper. Default and range depend on the model."
        ),
    ] = None,
    guidance: Annotated[
        float | None,
        typer.Option(
            help="Guidance scale, such as 7.5. Higher "
            "values follow the prompt more closely. Default and range depend on the model."
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Seed of the first image of each prompt, such as 42; incremented by 1 "
            "for each further one. The template's, or else chosen at random, when omitted. The "
            "range depends on the model."
        ),
    ] = None,
    negative_prompt: Annotated[
        str | None,
        typer.Option(
            help='Things the images should not show, such as "blurry, text". '
            "The template's, or else none, when omitted. The maximum length depends on the model."
        ),
    ] = None,
    images_per_prompt: Annotated[
        int | None,
        typer.Option(
            help="Number of images for each prompt, from 1; the batch has at "
            "most 10,000 images in all. Defaults to 1."
        ),
    ] = None,
    priority: Annotated[
        _Priority | None, typer.Option(help="Priority among your own batches. Defaults to normal.")
    ] = None,
    max_cost: Annotated[
        float | None,
        typer.Option(
            help="Maximum cost of the batch in US dollars, 0 or more, such "
            "as 25. A batch that would cost more is refused. No maximum when omitted."
        ),
    ] = None,
    tag: Annotated[
        list[str] | None,
        typer.Option(
            help="Tag for the images, of 1 to 64 characters. Repeat the option for up to 20 tags."
        ),
    ] = None,
    idempotency_key: Annotated[
        str | None,
        typer.Option(
            help="Idempotency key: 1 to 255 printable ASCII characters, "
            "unique for each new batch. Defaults to a generated one."
        ),
    ] = None,
    cancel_on_interrupt: Annotated[
        bool,
        typer.Option(
            "--cancel-on-interrupt",
            help="Cancel the batch on Ctrl-C, instead of leaving it running.",
        ),
    ] = False,
) -> None:
    """Generate many images on a running server, and save them as they finish.

    The API key is read from the environment, GQL_SERVER_KEY, or from the file that
    GQL_SERVER_KEY_FILE names. Ctrl-C leaves the batch running: the same command, or --resume,
    continues it. Exit codes: 0 if every image was generated and saved, 1 if some were not, 2 if
    the request is invalid, 3 if the server could not be reached or an accepted batch could not be
    watched or saved to its end, 130 after Ctrl-C.
    """
    settings: ImageSettings = {
        "model": model,
        "template_id": template,
        "width": width,
        "height": height,
        "steps": steps,
        "guidance": guidance,
        "seed": seed,
        "negative_prompt": negative_prompt,
        "tags": tag or None,
    }
    lines = _read_prompts(prompts) if resume is None else []
    given = batch_input(
        settings,
        lines,
        images_per_prompt=images_per_prompt,
        priority=_PRIORITIES[priority] if priority is not None else None,
        max_cost=max_cost,
        idempotency_key=idempotency_key,
    )
    if resume is not None and (prompts is not None or given.keys() != {"pictures"}):
        refuse("--resume continues an existing batch: it takes no prompts and no settings.")
    folder = OutputFolder(out)
    run = BatchRun(checked_address(server), folder, Display(out))
    result = run.result(given, resume, lines, cancels=cancel_on_interrupt)
    print_result(result, folder)
    if not result.is_whole:
        raise typer.Exit(_NOT_WHOLE)


def _read_prompts(name: str | None) -> list[str]:
    if name is None:
        refuse(
            "Name a file of prompts, or - for standard input; or continue a batch with --resume ID."
        )
    try:
        if name == "-":
            text = decode("standard input", sys.stdin.buffer.read())
        else:
            text = read_text(Path(name))
    except TextFileError as error:
        refuse(str(error))
    lines = [line.strip() for line in text.split("\n")]
    prompts = [line for line in lines if line and not line.startswith("#")]
    if not prompts:
        refuse(f"{name}: the file has no prompts.")
    return prompts
