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
from tests.support.node import NODE, PYTHON, ROOT, node, run
from tests.support.process import free_port, server_process
from tests.support.running_app import png

pytestmark = [pytest.mark.anyio, pytest.mark.clients]

PAGES = ROOT / "docs" / "clients"
CLIENTS = Path(__file__).parent / "clients"
FILE = re.compile(r"^```\w+ ([\w.-]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
TYPES = '{"compilerOptions": {"strict": true, "target": "es2022", "lib": ["es2023", "dom", '
TYPES += (
    '"dom.iterable", "dom.asynciterable"], "module": "commonjs", "moduleResolution": "node10", '
)
TYPES += '"ignoreDeprecations": "5.0", "skipLibCheck": true, "types": [], "outDir": "built"}, '
TYPES += '"files": ["images.ts"]}'


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
    (folder / "node_modules").symlink_to(CLIENTS / "node_modules")
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "pixel.png").write_bytes(png(64, 64))
    copy(ROOT / "schema.graphql", folder)
    write_files(ROOT / "docs" / "guide" / "watching.md", folder)
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


async def test_the_pages_for_javascript(workspace: Path, tmp_path: Path) -> None:
    for name in ("apollo", "urql", "relay", "graphql-codegen"):
        write_files(PAGES / f"{name}.md", workspace)
    commands = CLIENTS / "node_modules" / ".bin"
    (workspace / "__generated__").mkdir()
    await node(str(commands / "relay-compiler"), "relay.config.json", folder=workspace)
    await node(str(commands / "graphql-codegen"), "--config", "codegen.ts", folder=workspace)
    (workspace / "tsconfig.json").write_text(TYPES)
    await node(str(commands / "tsc"), folder=workspace)
    (workspace / "built" / "package.json").write_text('{"type": "commonjs"}')
    copy(CLIENTS / "guides.mjs", workspace)
    modules = ("./apollo.mjs", "./urql.mjs", "./relay.mjs", "./built/images.js")
    await through_a_restart((*NODE, "guides.mjs", *modules), workspace, tmp_path)


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
