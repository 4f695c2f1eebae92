"""docs/python-client.md is true: every block of Python runs."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gql_server import client
from tests.support.running_app import FLUX, png, running_app
from tests.test_docs import ROOT, blocks

pytestmark = pytest.mark.anyio

GUIDE = ROOT / "docs" / "python-client.md"


async def test_every_block_of_the_guide_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "house.png").write_bytes(png(64, 64))
    monkeypatch.chdir(tmp_path)
    async with running_app(tmp_path / "data", runs_jobs=True) as app:
        monkeypatch.setenv("GQL_SERVER_URL", app.settings.server_url)
        await asyncio.to_thread(run_blocks, app.settings.server_url)
        printed = capsys.readouterr().out
    assert "Prompt must be at least 3 characters" in printed
    assert "3 of 3" in printed
    assert (tmp_path / "sunset.jpg").exists()
    assert len(list((tmp_path / "foxes").iterdir())) == 3
    trusted = {"trusted_documents": tmp_path / "persisted-documents.json"}
    async with running_app(tmp_path / "trusting", trusted) as app:
        monkeypatch.setenv("GQL_SERVER_URL", app.settings.server_url)
        async with client.AsyncClient() as trusted_client:
            image = await trusted_client.generate("A red fox", model=FLUX)
            assert await trusted_client.image(image.id) == image
            with pytest.raises(client.Forbidden):
                await trusted_client.execute("{ viewer { role } }")


def run_blocks(url: str) -> None:
    names: dict[str, Any] = {"__name__": "guide"}
    for block in blocks(GUIDE, "python"):
        exec(compile(block.replace("http://127.0.0.1:8000", url), "guide", "exec"), names)


def test_every_exception_is_in_the_guide() -> None:
    text = GUIDE.read_text("utf-8")
    exceptions = [
        name
        for name in client.__all__
        if isinstance(kind := getattr(client, name), type) and issubclass(kind, Exception)
    ]
    assert [name for name in exceptions if f"`{name}`" not in text] == []
