"""The command line starts at once: what a command needs is imported when it runs."""

import json
import subprocess
import sys

import pytest

from gql_server.cli.commands import LISTINGS, Listing, load_command

MODULES = """
import json, sys
from gql_server.cli import main
try:
    main()
finally:
    print(json.dumps(sorted(sys.modules)), file=sys.stderr)
"""

USES = """
import json, sys
import gql_server.cli.failures, gql_server.cli.keys, gql_server.ledger.reports.export
by_command = sorted(sys.modules)
import gql_server.cli.worker
print(json.dumps([by_command, sorted(sys.modules)]))
"""


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_neither_help_nor_the_version_imports_the_server(option: str) -> None:
    command = [sys.executable, "-c", MODULES, option]
    ended = subprocess.run(command, check=True, capture_output=True)
    imported = set(json.loads(ended.stderr))
    assert imported.isdisjoint(
        {"dbos", "fastapi", "httpx", "pydantic", "sqlalchemy", "strawberry", "uvicorn"}
    )
    assert {name for name in imported if name.startswith("gql_server.")} == {
        "gql_server.cli",
        "gql_server.cli.commands",
        "gql_server.cli.root",
    }
    assert ended.stdout


def test_neither_a_worker_nor_a_command_imports_what_it_does_not_use() -> None:
    ended = subprocess.run([sys.executable, "-c", USES], check=True, capture_output=True)
    by_command, by_worker = (set(names) for names in json.loads(ended.stdout))
    apis = {"fastapi", "graphql", "strawberry", "uvicorn"}
    assert {"gql_server.cli.keys", "gql_server.ledger.reports.export"} <= by_command
    assert by_command.isdisjoint(apis | {"PIL", "aioboto3", "httpx", "pyarrow"})
    assert "gql_server.bootstrap.worker" in by_worker
    assert by_worker.isdisjoint(apis)


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.name)
def test_help_says_of_a_command_what_it_says_of_itself(listing: Listing) -> None:
    command = load_command(listing)
    assert command.name == listing.name
    assert listing.summary == command.help.partition("\n")[0]


def test_omitted_settings_of_a_batch_are_the_templates() -> None:
    (listing,) = (listing for listing in LISTINGS if listing.name == "batch")
    helps = {
        parameter.name: getattr(parameter, "help", None) or ""
        for parameter in load_command(listing).params
    }
    for name in ("seed", "negative_prompt"):
        assert "The template's, or else" in helps[name], name
