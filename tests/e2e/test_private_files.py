"""Other users of the machine see nothing of the server's files."""

import stat
from pathlib import Path

import pytest

from gql_server.storage.private_files import close_folder_to_others
from tests.support.process import server_process


def open_to_others(folder: Path) -> list[str]:
    return [
        f"{path.name} {stat.filemode(path.stat().st_mode)}"
        for path in [folder, *folder.rglob("*")]
        if path.stat().st_mode & 0o077
    ]


@pytest.mark.anyio
async def test_what_is_made_is_the_servers_alone_and_what_was_open_is_closed(
    tmp_path: Path,
) -> None:
    async with server_process(tmp_path, {}, is_new=True):
        assert open_to_others(tmp_path / "data") == []
    database = tmp_path / "data" / "gql_server.db"
    for path in (database, tmp_path / "data" / "images", tmp_path / "data"):
        path.chmod(0o755)
    async with server_process(tmp_path, {}):
        assert open_to_others(tmp_path / "data") == []


@pytest.mark.parametrize(
    ("name", "mode", "closed"),
    [
        ("gql_server.db", 0o755, True),
        ("somebody_elses.txt", 0o755, False),
        ("gql_server.db", 0o1777, False),
    ],
)
def test_a_folder_that_others_use_too_stays_open(
    tmp_path: Path, name: str, mode: int, *, closed: bool
) -> None:
    (tmp_path / name).touch(mode=0o600)
    tmp_path.chmod(mode)
    assert close_folder_to_others(tmp_path) is closed
    assert open_to_others(tmp_path) == (
        [] if closed else [f"{tmp_path.name} {stat.filemode(stat.S_IFDIR | mode)}"]
    )
