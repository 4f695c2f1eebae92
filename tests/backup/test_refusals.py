"""What cannot be backed up or restored is refused in clear words, and changes nothing."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gql_server.storage.folder import FolderStore
from gql_server.storage.store import StoredObject
from tests.backup.conftest import Command, Data
from tests.support.small_disk import small_disk

pytestmark = pytest.mark.anyio


def _change_manifest(place: Path, **changes: Any) -> None:
    manifest = json.loads((place / "backup.json").read_text())
    (place / "backup.json").write_text(json.dumps(manifest | changes))


def _damage(place: Path) -> None:
    (file,) = place.glob("database-*.db")
    file.write_bytes(b"x" + file.read_bytes()[1:])


SPOILED: dict[str, tuple[Callable[[Path, Path], Any], str]] = {
    "a database is there": (
        lambda _, target: (target / "gql_server.db").write_bytes(b""),
        "gql_server.db: exists. Restore where there is no database",
    ),
    "a log of a database is there": (
        lambda _, target: (target / "gql_server.db-wal").write_bytes(b""),
        "gql_server.db-wal: exists",
    ),
    "another secret is there": (
        lambda _, target: (target / "webhook_secret").write_bytes(b"t" * 32),
        "webhook_secret: exists and differs from the one in the backup",
    ),
    "not a backup": (lambda place, _: (place / "backup.json").unlink(), "is not a backup"),
    "not JSON": (
        lambda place, _: (place / "backup.json").write_text("[]"),
        "its backup.json is damaged",
    ),
    "never completed": (
        lambda place, _: _change_manifest(place, is_complete=False),
        "the backup was never completed",
    ),
    "a newer form": (
        lambda place, _: _change_manifest(place, format=99, version="9.1"),
        "the backup was made by gql_server 9.1, which is newer than this",
    ),
    "a newer database": (
        lambda place, _: _change_manifest(place, revision="9999", version="9.1"),
        "has the revision 9999, and this version knows revisions up to",
    ),
    "a secret of another name": (
        lambda place, _: _change_manifest(
            place,
            files=[
                one | {"restored_as": "../x"} if one["kind"] == "secret" else one
                for one in json.loads((place / "backup.json").read_text())["files"]
            ],
        ),
        "its backup.json is damaged",
    ),
    "damaged": (lambda place, _: _damage(place), "is damaged; its bytes are not those"),
}


async def test_what_cannot_be_restored(data: Data, tmp_path: Path, command: Command) -> None:
    (data.folder / "webhook_secret").write_bytes(b"s" * 32)
    await command(data.folder, "backup", tmp_path / "backup")
    for case, (spoil, message) in SPOILED.items():
        place, target = tmp_path / case / "backup", tmp_path / case / "target"
        shutil.copytree(tmp_path / "backup", place)
        target.mkdir()
        spoil(place, target)
        before = sorted(target.iterdir())
        result = await command(target, "restore", place)
        assert result.exit_code == 1, case
        assert message in result.output.replace("\n", " "), case
        assert "Traceback" not in result.output, case
        assert [path for path in sorted(target.iterdir()) if path.suffix != ".lock"] == before


async def test_images_of_another_store_are_left_alone(
    data: Data, tmp_path: Path, command: Command
) -> None:
    place, target = tmp_path / "backup", tmp_path / "target"
    await command(data.folder, "backup", place)
    store = FolderStore(target / "images", "http://127.0.0.1:8000")
    await store.put("generated/x.png", StoredObject(data=b"x", content_type="image/png"))
    result = await command(target, "restore", place)
    assert "has files, such as generated/x.png, and is not the store of this" in result.output
    await store.write_marker("sto_other")
    result = await command(target, "restore", place)
    assert "has the marker of another store, sto_other" in result.output
    assert not (target / "gql_server.db").exists()


async def test_what_is_no_place_for_a_backup(data: Data, tmp_path: Path, command: Command) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/letter.txt").write_text("x")
    place = tmp_path / "backup"
    await command(data.folder, "backup", place)
    async with data.database.write() as connection:
        await connection.exec_driver_sql("UPDATE stores SET store_id = 'sto_other'")
    (data.folder / "images/.gql-server-store.json").write_text('{"store_id": "sto_other"}')
    for name, message in (
        ("file", "is a file; name a folder"),
        ("full", "has files, such as letter.txt, and is not a backup"),
        ("backup", "has the backup of another server"),
    ):
        result = await command(data.folder, "backup", tmp_path / name)
        assert result.exit_code == 1
        assert message in result.output
    (data.folder / "images/.gql-server-store.json").unlink()
    result = await command(data.folder, "backup", tmp_path / "new")
    assert "it is not the store of the database's images" in result.output


async def test_a_full_disk(data: Data, tmp_path: Path, command: Command) -> None:
    await data.image(bytes(300_000))
    place = tmp_path / "backup"
    await command(data.folder, "backup", place)
    with small_disk(tmp_path / "disk", megabytes=1) as disk:
        for number in range(3):
            await data.image(bytes(300_000 + number))
        result = await command(data.folder, "backup", disk.folder / "place")
        assert result.exit_code == 1
        assert str(disk.folder) in result.output
        assert "No space left" in result.output or "full" in result.output
        result = await command(disk.folder / "data", "restore", disk.folder / "place")
        assert "the backup was never completed" in result.output
        disk.fill()
        result = await command(disk.folder / "data", "restore", place)
        assert result.exit_code == 1
        assert "full" in result.output
        assert "Traceback" not in result.output
