from pathlib import Path

import pytest
from typer.testing import CliRunner

from gql_server.cli.root import cli
from gql_server.webhooks.signatures import user_secret
from tests.support.sqlite import make_sqlite

runner = CliRunner()


def test_the_secret_of_an_embedded_server_is_printed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    make_sqlite(tmp_path / "gql_server.db")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    first = runner.invoke(cli, ["webhooks", "secret"])
    assert (first.exit_code, first.stdout[:6]) == (0, "whsec_")
    assert runner.invoke(cli, ["webhooks", "secret"]).stdout == first.stdout


def test_with_postgresql_the_setting_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user:hidden@127.0.0.1/none")
    unset = runner.invoke(cli, ["webhooks", "secret"])
    assert unset.exit_code == 1
    assert "WEBHOOK_SECRET: with PostgreSQL it must be set" in unset.stderr
    secrets = ["whsec_" + "A" * 32, "whsec_" + "B" * 44]
    monkeypatch.setenv("WEBHOOK_SECRET", ",".join(secrets))
    server = [user_secret(secret, None) for secret in secrets]
    assert runner.invoke(cli, ["webhooks", "secret"]).stdout.split() == server
    anns = runner.invoke(cli, ["webhooks", "secret", "--user", "ann"]).stdout.split()
    assert anns == [user_secret(secret, "ann") for secret in secrets]
    assert not {*anns} & {*server, *secrets}
