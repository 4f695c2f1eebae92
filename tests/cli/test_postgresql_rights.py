"""The rights that PostgreSQL has to give: the documented ones do, and missing ones are named."""

import asyncio
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from gql_server.cli.root import cli
from tests.support.postgres import PostgresServer
from tests.support.process import server_process
from tests.support.running_app import FLUX, GENERATE

PASSWORD = "p@ss:w/o#r?d %41"
_numbers = count()


class Desk:
    """A database, and a role that has nothing yet."""

    def __init__(self, postgres: PostgresServer, template: str = "template1") -> None:
        self._postgres = postgres
        self.name = postgres.create_database(template)
        self.role = f"role_{next(_numbers)}"
        self.execute(f"CREATE ROLE {self.role} LOGIN PASSWORD '{PASSWORD}'")
        self.setting = (
            postgres.url(self.name)
            .set(drivername="postgresql", username=self.role)
            .render_as_string(hide_password=False)
        )

    def execute(self, *statements: str) -> None:
        for statement in statements:
            self._postgres.execute(self.name, statement)


@pytest.fixture
def desk(
    postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Desk]:
    desk = Desk(postgres)
    monkeypatch.setenv("DATABASE_URL", desk.setting)
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    yield desk
    postgres.drop_database(desk.name)


def run(*command: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli, command)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    return result.exit_code, result.output


def documented(heading: str) -> list[str]:
    """Return the statements of the documentation, for whoever migrates or serves."""
    text = (Path(__file__).parents[2] / "docs" / "running.md").read_text("utf-8")
    part = text.partition("## Rights in PostgreSQL")[2].partition(heading)[2]
    (block,) = re.findall(r"```sql\n(.*?)```", part.partition("\n#")[0], re.DOTALL)[:1]
    return [one.strip() for one in block.split(";") if one.strip()]


def test_what_migrate_lacks_is_named_and_is_enough(desk: Desk) -> None:
    granted: list[str] = []
    for _ in range(4):
        code, output = run("migrate")
        if code == 0:
            break
        assert "permission denied for" in output
        missing = output.splitlines()[-1].partition("; ")[2].partition(". docs/")[0].split("; ")
        assert missing
        assert not {*missing} & {*granted}
        desk.execute(*missing)
        granted += missing
    assert code == 0, output
    assert {one.replace(desk.role, "migrator").replace('"', "") for one in granted} == {
        "GRANT USAGE, CREATE ON SCHEMA public TO migrator",
        "CREATE SCHEMA jobs AUTHORIZATION migrator",
    }
    assert run("migrate")[0] == run("keys", "list")[0] == 0


def test_tables_of_another_role_are_named(desk: Desk) -> None:
    desk.execute(
        *(one.replace("migrator", desk.role) for one in documented("The role that migrates"))
    )
    assert run("migrate")[0] == 0
    desk.execute(
        "CREATE ROLE somebody_else",
        "UPDATE alembic_version SET version_num = '0012'",
        "DROP INDEX ix_idempotency_keys_result_id",
        "ALTER TABLE idempotency_keys OWNER TO somebody_else",
    )
    code, output = run("migrate")
    assert code == 1
    assert "must be owner of" in output
    assert f'; ALTER TABLE public.idempotency_keys OWNER TO "{desk.role}"' in output
    desk.execute("DROP OWNED BY somebody_else", "DROP ROLE somebody_else")


async def makes_an_image(folder: Path, database_url: str) -> None:
    variables = {"input": {"prompt": "A red fox", "model": FLUX}}
    async with (
        server_process(folder, {"DATABASE_URL": database_url}) as running,
        httpx.AsyncClient(base_url=running.url, timeout=30) as client,
    ):
        assert (await client.get("/ready")).status_code == 200
        answer = await client.post("/graphql", json={"query": GENERATE, "variables": variables})
        assert answer.json()["data"]["generateImage"]["userErrors"] == []


def test_a_role_that_only_serves(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    desk.execute(
        *(one.replace("migrator", desk.role) for one in documented("The role that migrates"))
    )
    assert run("migrate")[0] == 0
    server = f"{desk.role}_server"
    desk.execute(f"CREATE ROLE {server} LOGIN")
    monkeypatch.setenv("DATABASE_URL", desk.setting.replace(desk.role, server))
    code, output = run("keys", "list")
    assert (code, "docs/running.md#rights-in-postgresql" in output) == (1, True)
    assert "permission denied for table alembic_version" in output
    for statement in documented("only serves"):
        desk.execute(statement.replace("migrator", desk.role).replace("server", server))
    assert run("keys", "list")[0] == 0
    assert run("keys", "create", "--user", "ann", "--role", "admin")[0] == 0
    assert run("audit")[0] == 0
    asyncio.run(makes_an_image(tmp_path, desk.setting.replace(desk.role, server)))
    desk.execute(f"REVOKE USAGE ON SCHEMA jobs FROM {server}")
    code, output = run("serve")
    assert (code, "permission denied for schema jobs" in output) == (1, True)
    assert "docs/running.md#rights-in-postgresql" in output


def test_a_password_of_any_characters_is_required_and_shown_nowhere(
    desk: Desk, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.execute(
        *(one.replace("migrator", desk.role) for one in documented("The role that migrates"))
    )
    with postgres.with_passwords(desk.role):
        code, output = run("migrate")
        assert (code, "no password supplied" in output) == (1, True)
        monkeypatch.setenv("DATABASE_PASSWORD", "hidden@wrong")
        code, output = run("migrate")
        assert (code, "password authentication failed" in output) == (1, True)
        assert "hidden" not in output
        monkeypatch.setenv("DATABASE_PASSWORD", PASSWORD)
        assert run("migrate")[0] == 0
        assert run("keys", "list")[0] == 0
