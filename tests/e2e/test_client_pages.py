"""The code of docs/clients, against a server that restarts: `make test-clients`."""

import json
import re
import signal
from asyncio.subprocess import PIPE, STDOUT
from os import environ
from pathlib import Path
from shutil import copy

import pytest

from tests.support.child import child_process
from tests.support.node import PYTHON, ROOT, run
from tests.support.process import free_port, server_process
from tests.support.running_app import png

pytestmark = [pytest.mark.anyio, pytest.mark.clients]

PAGES = ROOT / "docs" / "clients"
CLIENTS = Path(__file__).parent / "clients"
FILE = re.compile(r"^```\w+ ([\w.-]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def write_files(page: Path, folder: Path) -> None:
    """Write the files of a page, whose parts stand below one another."""
    files: dict[str, str] = {}
    for name, text in FILE.findall(page.read_text("utf-8")):
        files[name] = files.get(name, "") + text + "\n"
    assert files, page
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "pixel.png").write_bytes(png(64, 64))
    copy(ROOT / "schema.graphql", folder)
    return folder


async def through_a_restart(command: tuple[str | Path, ...], folder: Path, data: Path) -> None:
    """Run a program whose server is stopped and started again when it prints ``stop``."""
    settings, port = {"BATCH_CONCURRENCY": "1", "SHUTDOWN_TIMEOUT": "5"}, free_port()
    async with server_process(data, settings, port=port) as first:
        given = environ | {"GQL_SERVER_URL": first.url, "GQL_SERVER_KEY": "unused"}
        async with child_process(
            *command, cwd=folder, stdout=PIPE, stderr=STDOUT, env=given
        ) as one:
            assert one.stdout is not None
            line = (await one.stdout.readline()).decode()
            if line == "stop\n":
                first.process.send_signal(signal.SIGTERM)
                await first.end()
                async with server_process(data, settings, port=port):
                    line, _ = "", await one.wait()
            output = line + (await one.stdout.read()).decode()
            assert (await one.wait(), output) == (0, ""), output


async def test_the_pages_for_python(workspace: Path, tmp_path: Path) -> None:
    for name in ("gql", "ariadne-codegen"):
        write_files(PAGES / f"{name}.md", workspace)
    command = (PYTHON.with_name("ariadne-codegen"), "--config", "ariadne-images.toml")
    await run(*command, folder=workspace)
    copy(CLIENTS / "guides.py", workspace)
    modules = ("gql_images", "ariadne_images")
    await through_a_restart((PYTHON, "guides.py", *modules), workspace, tmp_path)


def test_the_configuration_for_swift_can_be_read(tmp_path: Path) -> None:
    write_files(PAGES / "swift.md", tmp_path)
    configuration = json.loads((tmp_path / "apollo-codegen-config.json").read_text())
    assert configuration["input"]["schemaSearchPaths"] == ["schema.graphql"]
