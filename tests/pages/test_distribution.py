"""The wheel and the sdist have the built pages and the site, and can be installed.

The wheel has the Python client as well, which works without the server's dependencies.
"""

import re
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest

from gql_server.pages.documentation import SITE
from gql_server.pages.static_files import STATIC
from tests.support.node import PYTHON, ROOT, run
from tests.support.process import server_process
from tests.test_docs import blocks

pytestmark = [pytest.mark.anyio, pytest.mark.clients]

MAX_SITE_BYTES = 3 * 1024 * 1024
PAGES_ARE_BUILT = (
    "from gql_server.pages.not_built import pages_are_built as ok; assert ok()\n"
    "from gql_server.pages.documentation import SITE; assert (SITE / 'index.html').is_file()"
)


@pytest.fixture(scope="module")
async def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The packages by their suffix."""
    folder = tmp_path_factory.mktemp("packages")
    await run(PYTHON, "-m", "hatchling", "build", "--directory", str(folder), folder=ROOT)
    return {path.suffix: path for path in folder.iterdir()}


async def test_the_wheel_and_the_sdist_have_every_file_of_the_pages(
    packages: dict[str, Path],
) -> None:
    files = [path for folder in (STATIC, SITE) for path in folder.rglob("*") if path.is_file()]
    built = {path.relative_to(ROOT).as_posix() for path in files}
    assert "gql_server/pages/static/playground.html" in built, "make studio"
    assert "gql_server/pages/site/settings.html" in built, "make docs"
    with ZipFile(packages[".whl"]) as wheel:
        members = wheel.infolist()
    assert built <= {member.filename for member in members}
    site = [one.compress_size for one in members if "/pages/site/" in one.filename]
    assert 0 < sum(site) <= MAX_SITE_BYTES
    with tarfile.open(packages[".gz"]) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert built | {"studio/package-lock.json", "hatch_build.py", "tools/studio.py"} <= packed
    assert {"tools/site/conf.py", "docs/requirements.txt", "docs/settings.md"} <= packed
    assert not any("node_modules" in name for name in packed)


@pytest.mark.timeout(900)
async def test_the_client_works_without_the_servers_dependencies_and_is_typed(
    packages: dict[str, Path], tmp_path: Path
) -> None:
    environment, guide = tmp_path / "environment", ROOT / "docs" / "python-client.md"
    (tmp_path / "guide.py").write_text("\n".join(blocks(guide, "python")), "utf-8")
    needed = re.search(r"pip install (httpx .*)", guide.read_text("utf-8"))
    assert needed is not None
    await run(sys.executable, "-m", "venv", str(environment), folder=tmp_path)
    python = environment / "bin" / "python"
    install = (python, "-m", "pip", "install", "--quiet")
    await run(*install, "--no-deps", str(packages[".whl"]), folder=tmp_path)
    constraints = ("--constraint", str(ROOT / "constraints.txt"))
    await run(*install, *constraints, *needed[1].split(), "mypy", folder=tmp_path)
    await run(python, "-c", "from gql_server.client import Client; Client()", folder=tmp_path)
    await run(python, "-m", "mypy", "--strict", "guide.py", folder=tmp_path)


@pytest.mark.timeout(900)  # each installs everything, which takes minutes on a busy machine
@pytest.mark.parametrize("suffix", [".whl", ".gz"])
async def test_a_package_works_in_an_empty_environment(
    packages: dict[str, Path], suffix: str, tmp_path: Path
) -> None:
    environment, folder = tmp_path / "environment", tmp_path / "folder"
    folder.mkdir()
    await run(sys.executable, "-m", "venv", str(environment), folder=folder)
    python, command = environment / "bin" / "python", environment / "bin" / "gql-server"
    constraints = ("--constraint", str(ROOT / "constraints.txt"))
    install = (python, "-m", "pip", "install", "--quiet", *constraints, str(packages[suffix]))
    await run(*install, folder=folder)
    await run(python, "-m", "pip", "check", folder=folder)
    await run(command, "schema", "--check", "--file", str(ROOT / "schema.graphql"), folder=folder)
    await run(command, "migrate", folder=folder)
    assert (folder / "data" / "gql_server.db").exists()
    await run(python, "-c", PAGES_ARE_BUILT, folder=folder)
    async with (
        server_process(folder, {}, is_new=True, python=python) as server,
        httpx.AsyncClient(base_url=server.url, headers={"accept": "text/html, */*"}) as client,
    ):
        for path in ("/", "/graphql", "/docs/", "/schema.graphql", "/api/docs"):
            assert (await client.get(path)).status_code == 200, path
