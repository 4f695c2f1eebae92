"""``gql-server schema``."""

import difflib
import sys
from pathlib import Path
from typing import Annotated

import typer

from gql_server.api.schema import schema_text
from gql_server.cli.start import fail


def schema(
    check: Annotated[
        bool, typer.Option("--check", help="Compare with the file, and exit 1 when it differs.")
    ] = False,
    file: Annotated[Path, typer.Option(help="The file that --check compares with.")] = Path(
        "schema.graphql"
    ),
) -> None:
    """Print the GraphQL schema in SDL."""
    current = schema_text()
    if not check:
        sys.stdout.write(current)
        return
    try:
        written = file.read_text("utf-8")
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    if written != current:
        difference = difflib.unified_diff(
            written.splitlines(), current.splitlines(), str(file), "the code", lineterm=""
        )
        typer.echo("\n".join(difference), err=True)
        fail(f"{file} is stale: run `gql-server schema > {file}`")
    typer.echo(f"{file} is what the code serves.")
