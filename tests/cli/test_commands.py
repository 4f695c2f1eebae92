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


def test_a_worker_imports_neither_api() -> None:
    program = "import json, sys, gql_server.cli.worker; print(json.dumps(sorted(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True)
    imported = set(json.loads(ended.stdout))
    assert "gql_server.bootstrap.worker" in imported
    assert imported.isdisjoint({"fastapi", "graphql", "strawberry", "uvicorn"})


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.name)
def test_help_says_of_a_command_what_it_says_of_itself(listing: Listing) -> None:
    command = load_command(listing)
    assert command.name == listing.name
    assert listing.summary == command.help.partition("\n")[0]
