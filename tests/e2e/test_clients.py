"""The clients that people use, against the running server: `make test-clients`."""

import shutil
import signal
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.child import child_process
from tests.support.node import NODE, PYTHON, ROOT, node, run
from tests.support.process import free_port, server_process, workers_ai_environment
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = [pytest.mark.anyio, pytest.mark.clients]

CLIENTS = Path(__file__).parent / "clients"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A copy of the clients, so that what they generate stays out of the sources."""
    folder = tmp_path / "clients"
    shutil.copytree(CLIENTS, folder, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    (folder / "node_modules").symlink_to(CLIENTS / "node_modules")
    shutil.copy(ROOT / "schema.graphql", folder)
    return folder


@pytest.fixture(scope="module")
async def url(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    async with server_process(tmp_path_factory.mktemp("server"), {}) as running:
        yield f"{running.url}/graphql"


async def installed(name: str, *arguments: str, folder: Path) -> None:
    """Run a command of an npm package."""
    await node(str(CLIENTS / "node_modules" / ".bin" / name), *arguments, folder=folder)


@pytest.mark.parametrize("script", ["audits.mjs", "apollo.mjs", "urql.mjs", "subscriptions.mjs"])
async def test_a_script_of_npm_clients(url: str, workspace: Path, script: str) -> None:
    await node(script, url, folder=workspace)


async def test_clients_that_are_cut_off_come_back_and_miss_nothing(
    tmp_path: Path, workspace: Path
) -> None:
    await through_a_restart("cut_off.mjs", tmp_path, workspace)


async def through_a_restart(name: str, tmp_path: Path, workspace: Path, **given: str) -> None:
    """Run a script whose server is stopped, and started again, when it says ``stop``."""
    port = free_port()
    async with server_process(tmp_path, given, port=port) as first:
        command = (*NODE, name, f"{first.url}/graphql")
        async with child_process(*command, cwd=workspace, stdout=PIPE, stderr=STDOUT) as script:
            assert script.stdout is not None
            line = (await script.stdout.readline()).decode()
            if line == "stop\n":
                first.process.send_signal(signal.SIGTERM)
                _, logged = await first.end()
                assert "Traceback" not in logged
                async with server_process(tmp_path, given, port=port):
                    line, _ = "", await script.wait()
            output = line + (await script.stdout.read()).decode()
            assert (await script.wait(), output) == (0, ""), output


async def test_clients_that_retry_by_themselves_receive_each_event_once(
    tmp_path: Path, workspace: Path
) -> None:
    documented = (ROOT / "docs" / "guide" / "watching.md").read_text()
    code = documented.partition("```js resuming.mjs\n")[2].partition("```")[0]
    (workspace / "resuming.mjs").write_text(code)
    one_by_one = {"BATCH_CONCURRENCY": "1", "SHUTDOWN_TIMEOUT": "5"}
    await through_a_restart("resume.mjs", tmp_path, workspace, **one_by_one)


async def test_gql(url: str, workspace: Path) -> None:
    await run(PYTHON, "use_gql.py", url, folder=workspace)


async def test_gql_comes_back_to_a_batch_that_it_watched(
    tmp_path: Path, workspace: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.latency = 0.5
    settings = workers_ai_environment(fake_workers_ai, BATCH_CONCURRENCY="2")
    async with server_process(tmp_path, settings) as running:
        await run(PYTHON, "use_gql_batch.py", f"{running.url}/graphql", folder=workspace)


async def test_a_typed_client_by_ariadne_codegen(url: str, workspace: Path) -> None:
    await run(PYTHON.with_name("ariadne-codegen"), "--config", "ariadne.toml", folder=workspace)
    await run(PYTHON, "use_ariadne.py", url, folder=workspace)


async def test_relay_with_the_manifest_of_its_compiler(tmp_path: Path, workspace: Path) -> None:
    (workspace / "relay-manifest.json").write_text("{}")
    (workspace / "relay" / "__generated__").mkdir()
    await installed("relay-compiler", folder=workspace / "relay")
    await make_images(tmp_path, "The first", "The second")
    settings = {"TRUSTED_DOCUMENTS": str(workspace / "relay-manifest.json")}
    async with server_process(tmp_path, settings) as running:
        await node("relay/run.mjs", f"{running.url}/graphql", folder=workspace)


async def test_graphql_codegen_with_its_own_manifest(tmp_path: Path, workspace: Path) -> None:
    folder = workspace / "codegen"
    await installed("graphql-codegen", "--config", "codegen.ts", folder=folder)
    await installed("tsc", folder=folder)
    (folder / "built" / "package.json").write_text('{"type": "commonjs"}')
    settings = {"TRUSTED_DOCUMENTS": str(folder / "gql" / "persisted-documents.json")}
    async with server_process(tmp_path, settings) as running:
        run_it = "require('./built/run.js').run(process.argv[1])"
        await node("-e", run_it, f"{running.url}/graphql", folder=folder)


async def make_images(folder: Path, *prompts: str) -> None:
    mutation = """mutation ($prompt: String!) {
        generateImage(input: {prompt: $prompt, model: "@cf/black-forest-labs/flux-1-schnell"}) {
        image { id } } }"""
    async with server_process(folder, {}) as running, httpx.AsyncClient() as client:
        for prompt in prompts:
            body = {"query": mutation, "variables": {"prompt": prompt}}
            answer = (await client.post(f"{running.url}/graphql", json=body)).json()
            assert answer["data"]["generateImage"]["image"]["id"]
