"""``gql-server schema``."""

import difflib
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from graphql import GraphQLError, build_schema
from graphql.utilities import BreakingChangeType, find_schema_changes

from gql_server.api.schema import schema_text
from gql_server.cli.start import fail
from gql_server.openai.description.openapi import document
from gql_server.openai.options import OpenAIOptions
from gql_server.rest.application import rest_application
from gql_server.rest.options import RestOptions
from gql_server.text_files import TextFileError, read_text


def schema(
    check: Annotated[
        bool,
        typer.Option("--check", help="Exit with status 1 if the schema differs from the file."),
    ] = False,
    file: Annotated[Path, typer.Option(help="File that --check compares with.")] = Path(
        "schema.graphql"
    ),
    since: Annotated[
        Path | None,
        typer.Option(
            help="SDL file of an earlier release. Report changes that break its clients, and "
            "exit with status 1 if there are any."
        ),
    ] = None,
    openapi: Annotated[
        bool,
        typer.Option(
            "--openapi", help="Print the OpenAPI 3.1 description of the REST API instead."
        ),
    ] = False,
    openai: Annotated[
        bool,
        typer.Option(
            "--openai",
            help="Print the OpenAPI 3.1 description of the OpenAI-compatible API instead.",
        ),
    ] = False,
) -> None:
    """Print the GraphQL schema (SDL), or compare it with a file."""
    if openapi:
        described = rest_application(RestOptions(requires_auth=True)).openapi()
        typer.echo(json.dumps(described, indent=2))
        return
    if openai:
        typer.echo(json.dumps(document(OpenAIOptions(requires_auth=True)), indent=2))
        return
    current = schema_text()
    if since is not None:
        _compare(since, current)
        return
    if not check:
        sys.stdout.write(current)
        return
    written = _read(file)
    if written != current:
        difference = difflib.unified_diff(
            written.splitlines(), current.splitlines(), str(file), "the code", lineterm=""
        )
        typer.echo("\n".join(difference), err=True)
        fail(f"{file} is out of date: run `gql-server schema > {file}`")
    typer.echo(f"{file} matches the code.")


def _compare(since: Path, current: str) -> None:
    try:
        released = build_schema(_read(since))
    except (GraphQLError, TypeError) as error:
        fail(f"{since}: {error}")
    changes = find_schema_changes(released, build_schema(current))
    breaking = [change for change in changes if isinstance(change.type, BreakingChangeType)]
    for change in breaking:
        typer.echo(f"{change.type.name}: {change.description}", err=True)
    if breaking:
        fail(f"{len(breaking)} changes break clients of {since}.")
    typer.echo(f"No change breaks clients of {since}.")


def _read(file: Path) -> str:
    try:
        return read_text(file)
    except TextFileError as error:
        fail(str(error))
