"""The wheel and the sdist have the built pages: `make test-clients`."""

import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

from gql_server.pages.static_files import STATIC
from tests.support.node import PYTHON, ROOT, run

pytestmark = [pytest.mark.anyio, pytest.mark.clients]


async def test_the_wheel_and_the_sdist_have_every_file_of_the_pages(tmp_path: Path) -> None:
    built = {path.relative_to(ROOT).as_posix() for path in STATIC.rglob("*") if path.is_file()}
    assert {"gql_server/pages/static/playground.html"} < built, "make studio"
    await run(PYTHON, "-m", "hatchling", "build", "--directory", str(tmp_path), folder=ROOT)
    packages = {path.suffix: path for path in tmp_path.iterdir()}  # noqa: ASYNC240 - nothing waits
    assert built <= set(ZipFile(packages[".whl"]).namelist())
    with tarfile.open(packages[".gz"]) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert built | {"studio/package-lock.json", "hatch_build.py", "tools/studio.py"} <= packed
    assert not any("node_modules" in name for name in packed)
