"""``gql-server check``."""

import asyncio
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Final

import typer

from gql_server.bootstrap.checks.files import check_files
from gql_server.bootstrap.checks.finding import Finding, Level, failure, warning
from gql_server.bootstrap.checks.machine import check_machine
from gql_server.bootstrap.checks.provider import check_provider
from gql_server.bootstrap.checks.services import (
    check_database,
    check_webhooks,
    check_workers_ai,
)
from gql_server.bootstrap.checks.understood import Understood, understood_settings
from gql_server.bootstrap.metrics_server import check_metrics_port
from gql_server.bootstrap.resources import StartError
from gql_server.cli.start import read_settings
from gql_server.settings import Settings, SettingsError, misspelled_settings

_WIDTH: Final = 8


def check(
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object: ok, settings and findings.")
    ] = False,
    every: Annotated[
        bool,
        typer.Option("--all", help="Print all settings, including those that have their default."),
    ] = False,
) -> None:
    """Check the settings and everything they name, and report how to fix what is wrong.

    Uses the database by a write that is rolled back, the store by a small object that is deleted
    again, Workers AI by reading its list of models, which costs nothing, and the OpenID Connect
    provider by reading its keys. Migrates and creates nothing. Exits with 1 if there is an error,
    and with 0 if there are only warnings.
    """
    settings: Sequence[Understood] = ()
    try:
        read = read_settings()
    except SettingsError as error:
        findings = [failure("settings", line) for line in str(error).splitlines()]
    else:
        logging.disable(logging.WARNING)  # the findings say it
        settings = [*understood_settings(read)]
        findings = asyncio.run(_findings(read))
        logging.disable(logging.NOTSET)
    is_ok = all(finding.level is not Level.ERROR for finding in findings)
    if as_json:
        body = {"ok": is_ok, "settings": settings, "findings": findings}
        # Not by orjson, which refuses text that is not UTF-8; the environment may have such.
        typer.echo(json.dumps(body, default=asdict, indent=2))
    else:
        _print(settings, findings, every=every)
    if not is_ok:
        raise typer.Exit(1)


async def _findings(settings: Settings) -> list[Finding]:
    found = [
        warning("settings", str(misspelling), "Correct the name, or remove it.")
        for misspelling in misspelled_settings()
    ]
    found += check_machine(settings)
    found += check_files(settings)
    found += [finding async for finding in check_database(settings)]
    found.append(await check_workers_ai(settings))
    found += [finding async for finding in check_provider(settings)]
    found.append(check_webhooks(settings))
    try:
        check_metrics_port(settings)
    except StartError as error:
        found.append(warning("metrics", str(error), "Choose another port, unless a server runs."))
    return found


def _print(settings: Sequence[Understood], findings: Sequence[Finding], *, every: bool) -> None:
    for setting in settings:
        if every or setting.source != "default":
            _print_line(f"{setting.name}={setting.value}  # {setting.source}")
    for finding in findings:
        _print_line(f"{finding.level.value:<{_WIDTH}} {finding.part}: {finding.message}")
        if finding.fix is not None:
            _print_line(f"{'':<{_WIDTH}} Fix: {finding.fix}")


def _print_line(text: str) -> None:
    """Print a line, in which bytes that are not UTF-8 are escaped."""
    typer.echo(text.encode(errors="backslashreplace").decode())
