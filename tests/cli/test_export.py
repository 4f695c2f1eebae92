"""``gql-server costs export --format parquet``."""

import sys
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from gql_server.cli.root import cli
from tests.support.sqlite import make_sqlite

PARQUET = ["costs", "export", "--format", "parquet"]


def test_the_command_writes_a_file_of_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sqlite(tmp_path / "gql_server.db")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    adjust = ["costs", "adjust", "--user", "ann", "--reason", "a refund", "--amount", "-0.02"]
    assert CliRunner().invoke(cli, adjust).exit_code == 0
    written = CliRunner().invoke(cli, PARQUET)
    assert written.exit_code == 0
    (row,) = pq.read_table(BytesIO(written.stdout_bytes)).to_pylist()
    assert (row["user_id"], row["cost"]) == ("ann", Decimal("-0.02"))


class Terminal(BytesIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_no_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("typer.get_binary_stream", lambda _name: Terminal())
    refused = CliRunner().invoke(cli, PARQUET)
    assert refused.exit_code == 1
    assert "> FILE" in refused.output


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "gql_server.ledger.reports.parquet", raising=False)
    refused = CliRunner().invoke(cli, PARQUET)
    assert refused.exit_code == 1
    assert "pip install 'gql_server[parquet]'" in refused.output
