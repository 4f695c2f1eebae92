import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlmodel import col
from typer.testing import CliRunner, Result

from gql_server.access.keys import KeyDraft, create_key, revoke_key
from gql_server.cli.root import cli
from gql_server.database.tables.access import ApiKeyRow
from gql_server.domain.principal import Role
from tests.support.plain_proxy import running_plain_proxy
from tests.support.process import free_port
from tests.support.running_app import FLUX, RunningApp, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import prompt_refused, slow

pytestmark = pytest.mark.anyio

PROMPTS = "# foxes\nA red fox\n\n  A grey fox \nA white fox\n"


def reported(result: Result) -> list[str]:
    """Return the lines of standard error, without those of the server, which is in this process."""
    return [line for line in result.stderr.splitlines() if "[info" not in line]


class Desk:
    """Somebody who types the command in a folder of their own."""

    def __init__(self, folder: Path, url: str, key: str = "") -> None:
        self.folder = folder
        self.url = url
        self.key = key
        self.out = folder / "out"

    async def run(self, *arguments: str, prompts: str = PROMPTS) -> Result:
        """Run the command, on prompts from standard input where it is told to read them."""
        options = ["batch", *arguments, "--server", self.url]
        if "--out" not in arguments:
            options += ["--out", str(self.out)]
        environment = {"GQL_SERVER_KEY": self.key or None}
        return await asyncio.to_thread(
            CliRunner().invoke, cli, options, input=prompts, env=environment
        )

    def pictures(self) -> list[str]:
        """The names of the pictures that are there."""
        return sorted(path.name for path in self.out.glob("[0-9]*"))


@pytest.fixture
async def working(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> AsyncIterator[RunningApp]:
    settings = {**workers_ai_settings(fake_workers_ai), "auth": "keys"}
    async with running_app(tmp_path / "data", settings, runs_jobs=True) as app:
        yield app


@pytest.fixture
async def desk(tmp_path: Path, working: RunningApp) -> Desk:
    return Desk(tmp_path, working.settings.server_url, await secret_of_ann(working))


async def secret_of_ann(app: RunningApp) -> str:
    draft = KeyDraft(user_id="ann", role=Role.CREATOR)
    return (await create_key(app.services.database, draft)).secret


async def test_images_are_saved_and_what_failed_can_be_sent_again(
    desk: Desk, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.next(prompt_refused())
    options = ("-", "--model", FLUX, "--seed", "7", "--images-per-prompt", "2", "--tag", "fox")
    result = await desk.run(*options)
    assert result.exit_code == 1, result.output
    assert "5 of 6 images generated, 1 failed, 0 canceled, $0.0500." in result.stdout
    assert "5 images are in" in result.stdout
    assert "PromptRefused" in result.stderr
    names = desk.pictures()
    assert len(names) == 5
    assert all((desk.out / name).read_bytes().startswith(b"\xff\xd8") for name in names)
    failed = (desk.out / "failed.txt").read_text()
    comment, prompt = failed.splitlines()
    missing = {f"{index:04}" for index in range(6)} - {name[:4] for name in names}
    assert {comment.split()[1]} == missing
    assert prompt == ["A red fox", "A grey fox", "A white fox"][int(missing.pop()) // 2]
    assert {request.parameters["seed"] for request in fake_workers_ai.requests} == {7, 8}

    made = len(fake_workers_ai.requests)
    (desk.out / names[0]).unlink()
    state = desk.out / ".batch.json"
    before = json.loads(state.read_text())
    state.write_text(json.dumps({**before, "batch_id": None}))  # as if the answer had been lost
    again = await desk.run(*options)
    assert again.exit_code == 1
    assert "5 images are in" in again.stdout
    assert "(4 were already there)" in again.stdout
    assert desk.pictures() == names
    assert len(fake_workers_ai.requests) == made
    assert json.loads(state.read_text()) == before

    other = await desk.run("-", "--model", FLUX)
    assert other.exit_code == 2
    assert "belongs to another batch" in other.stderr
    second = await desk.run(
        str(desk.out / "failed.txt"), "--model", FLUX, "--out", str(desk.folder / "second")
    )
    assert second.exit_code == 0, second.output
    assert "1 of 1 images generated" in second.stdout


async def test_it_continues_without_websockets_and_says_how_to_continue_when_it_is_refused(
    desk: Desk, working: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    async with running_plain_proxy(desk.url) as proxy:
        desk.url = proxy.url
        result = await desk.run("-", "--model", FLUX)
        assert result.exit_code == 0, result.output
        assert "Watching continues by event stream" in result.stdout
        assert len(desk.pictures()) == 3

        desk.out = desk.folder / "second time"
        made = len(fake_workers_ai.requests)
        fake_workers_ai.always = slow(30)
        run = asyncio.create_task(desk.run("-", "--model", FLUX))
        async with asyncio.timeout(30):
            while len(fake_workers_ai.requests) == made or not proxy.streams > 1:
                await asyncio.sleep(0.02)
        async with working.services.database.read() as connection:
            key_id = (await connection.execute(select(col(ApiKeyRow.id)))).scalar_one()
        await revoke_key(working.services.database, key_id)
        result = await run
    fake_workers_ai.always = None
    fake_workers_ai.abort_calls()  # the server waits for them when it stops
    assert result.exit_code == 3
    command = "continue with: gql-server batch --resume bat_"
    assert command in result.stderr
    assert reported(result)[-1].rstrip().endswith(f"--out '{desk.out}'")


async def test_everything_that_is_wrong_is_reported_and_nothing_is_remembered(
    tmp_path: Path, app_with_keys: RunningApp
) -> None:
    desk = Desk(tmp_path, app_with_keys.settings.server_url)
    unknown = await desk.run("-", "--model", FLUX)
    assert unknown.exit_code == 2
    assert "GQL_SERVER_KEY" in unknown.stderr
    desk.key = await secret_of_ann(app_with_keys)
    wrong = await desk.run("-", "--model", FLUX, prompts="A fox\nab\nA cat\n?\n")
    assert wrong.exit_code == 2
    assert reported(wrong) == [
        '0001: "ab": Prompt must be at least 3 characters',
        '0003: "?": Prompt must be at least 3 characters',
    ]
    result = await desk.run("-", "--model", "nope")
    assert result.exit_code == 2
    assert reported(result)[0].startswith('model: There is no model "nope".')
    result = await desk.run("--resume", "bat_nope")
    assert result.exit_code == 2
    assert 'There is no batch "bat_nope".' in result.stderr
    assert not (desk.out / ".batch.json").exists()
    assert desk.key not in wrong.output + unknown.output + result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Name a file of prompts"),
        (("-", "--resume", "bat_1"), "--resume continues an existing batch"),
        (("--resume", "bat_1", "--width", "512"), "--resume continues an existing batch"),
        (("/nope.txt",), "/nope.txt: No such file"),
        (("-", "--server", "ftp://x"), "--server: give an address"),
        (("-", "--server", "http://me:hidden@x"), "--server: give only the address"),
    ],
)
async def test_a_wrong_command_is_answered_with_how_to_fix_it(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    options = ["batch", "--out", str(tmp_path / "out"), *arguments]
    result = await asyncio.to_thread(CliRunner().invoke, cli, options, input=PROMPTS)
    assert result.exit_code == 2
    assert result.stderr.startswith(message)
    assert "hidden" not in result.output


async def test_a_server_that_is_not_there_is_reported_at_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path, f"http://127.0.0.1:{free_port()}")
    result = await desk.run("-", "--model", FLUX)
    assert result.exit_code == 3
    assert f"{desk.url} cannot be reached" in result.stderr
    assert "Nothing was requested." in result.stderr
    assert not (desk.out / ".batch.json").exists()
