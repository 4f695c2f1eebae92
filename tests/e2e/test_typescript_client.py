"""gql-server-client, packed and installed as a package, against a server: `make test-clients`."""

import json
import re
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.test_clients import CLIENTS
from tests.support.child import child_process
from tests.support.node import NODE, NPM, ROOT, node, run
from tests.support.process import (
    create_key,
    free_port,
    server_process,
    workers_ai_environment,
)
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = [pytest.mark.anyio, pytest.mark.clients, pytest.mark.timeout(900)]

PROGRAMS = Path(__file__).parent / "typescript_client"
GUIDE = (ROOT / "docs" / "typescript-client.md").read_text()
BLOCKS = dict(re.findall(r"```ts (\S+)\n(.*?)```", GUIDE, re.DOTALL))
COMPILER_OPTIONS = {
    "target": "ES2023",
    "lib": ["ES2023", "DOM", "DOM.Iterable"],
    "module": "NodeNext",
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
    "skipLibCheck": False,
    "noEmit": True,
    "types": ["node"],
    "typeRoots": [str(CLIENTS / "node_modules" / "@types")],
}


@pytest.fixture(scope="module")
async def consumer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with nothing but the programs, in which the package is installed."""
    packages, folder = tmp_path_factory.mktemp("packages"), tmp_path_factory.mktemp("consumer")
    pack = ("pack", "--workspace", "gql-server-client", "--pack-destination", str(packages))
    await run(*NPM, *pack, folder=ROOT / "studio")
    (package,) = packages.iterdir()
    (folder / "package.json").write_text('{"private": true, "type": "module"}')
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": COMPILER_OPTIONS}))
    install = ("install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
    await run(*NPM, *install, str(package), folder=folder)
    for program in PROGRAMS.iterdir():
        (folder / program.name).write_text(program.read_text())
    for name, code in BLOCKS.items():
        (folder / name).write_text(code)
    return folder


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[str, str]]:
    """A server that requires keys, and a key of it."""
    folder = tmp_path_factory.mktemp("server")
    key = await create_key(folder, "creator")
    async with server_process(folder, {"AUTH": "keys"}) as running:
        yield running.url, key


async def test_its_types_are_strict_for_the_oldest_and_the_newest_compiler(consumer: Path) -> None:
    for modules in (CLIENTS, ROOT / "studio"):
        await node(str(modules / "node_modules/typescript/bin/tsc"), folder=consumer)


async def test_everything_once(consumer: Path, server: tuple[str, str]) -> None:
    await node("basics.ts", *server, folder=consumer)


async def test_the_programs_of_the_guide(consumer: Path, server: tuple[str, str]) -> None:
    url, key = server
    assert len(BLOCKS) == 6
    for name, code in BLOCKS.items():
        adapted = code.replace("http://127.0.0.1:8000", url).replace("gqls_…", key)
        (consumer / name).write_text(adapted)
        await node(name, folder=consumer)


async def test_a_batch_is_watched_while_the_server_is_killed_and_started_again(
    consumer: Path, tmp_path: Path
) -> None:
    key = await create_key(tmp_path, "creator")
    port = free_port()
    settings = {"AUTH": "keys", "BATCH_CONCURRENCY": "1", "PROCESS_LEASE": "2"}
    async with server_process(tmp_path, settings, port=port) as first:
        command = (*NODE, "restart.ts", first.url, key)
        async with child_process(*command, cwd=consumer, stdout=PIPE, stderr=STDOUT) as program:
            assert program.stdout is not None
            line = (await program.stdout.readline()).decode()
            if line == "kill\n":
                first.process.kill()
                await first.end()
                async with server_process(tmp_path, settings, port=port):
                    line, _ = "", await program.wait()
            output = line + (await program.stdout.read()).decode()
            assert (await program.wait(), output) == (0, ""), output


async def test_what_is_repeated_after_a_broken_connection_is_charged_once(
    consumer: Path, tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    key = await create_key(tmp_path, "creator")
    fake_workers_ai.latency = 1.5
    settings = workers_ai_environment(fake_workers_ai, AUTH="keys", REQUEST_DEADLINE="1")
    async with server_process(tmp_path, settings) as running:
        await node("retries.ts", running.url, key, folder=consumer)
    assert len(fake_workers_ai.requests) == 4
