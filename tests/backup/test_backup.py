"""What a backup has, and what it copies."""

import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from gql_server.backup.snapshot import take_snapshots
from gql_server.database.queries.erasing import purge_images
from gql_server.database.queries.images import update_image
from gql_server.database.records.images import ImageChanges
from gql_server.domain.clock import now
from gql_server.generation.image_files import ImageFiles
from gql_server.storage.folder import FolderStore
from gql_server.storage.store import StoredObject
from tests.backup.conftest import Command, Data
from tests.support.s3 import ACCESS_KEY_ID, SECRET_ACCESS_KEY, S3Server

pytestmark = pytest.mark.anyio


async def purge(data: Data, key: str) -> None:
    """Purge an image: its row stays, without its words."""
    async with data.database.write() as connection:
        await connection.exec_driver_sql(
            "UPDATE images SET deleted_at = created_at, purged_at = created_at "
            "WHERE storage_key = ?",
            (key,),
        )
    await data.store.erase(key, None)


async def test_only_what_is_new_is_copied(data: Data, tmp_path: Path, command: Command) -> None:
    place = tmp_path / "backup"
    kept, lost, damaged, erased = [await data.image() for _ in range(4)]
    (data.folder / "webhook_secret").write_bytes(b"s" * 32)
    result = await command(data.folder, "backup", place)
    assert "4 copied, 0 there already, 0 removed" in result.output
    first = sorted(path.name for path in place.glob("*.db"))
    unchanged = (place / "images" / kept).stat().st_ino

    new = await data.image()
    await data.store.delete(lost)
    (data.folder / "images" / damaged).write_bytes(b"byt")
    await purge(data, erased)
    result = await command(data.folder, "backup", place)
    assert result.exit_code == 0, result.output
    assert "1 copied, 1 there already, 1 removed" in result.output
    assert "2 are lost or damaged in the store, and kept in the backup" in result.output
    assert (place / "images" / kept).stat().st_ino == unchanged
    second = sorted(path.name for path in place.glob("*.db"))
    assert len(second) == len(first) == 1
    assert second != first, "the earlier database is replaced, not written over"
    assert not (place / "images" / erased).exists()

    restored = tmp_path / "restored"
    result = await command(restored, "restore", place)
    assert result.exit_code == 0, result.output
    store = FolderStore(restored / "images", "http://127.0.0.1:8000")
    found = [await store.get(key) for key in (kept, lost, damaged, new)]
    assert [one and one.data for one in found] == [b"bytes"] * 4
    assert await store.get(erased) is None
    assert (restored / "webhook_secret").read_bytes() == b"s" * 32
    for path in (restored / "gql_server.db", restored / "webhook_secret", place / "backup.json"):
        assert path.stat().st_mode & 0o077 == 0


async def test_deleted_images_are_saved_and_purged_ones_are_not(
    data: Data, tmp_path: Path, command: Command
) -> None:
    place, restored = tmp_path / "backup", tmp_path / "restored"
    deleted, purged = [await data.image() for _ in range(2)]
    await command(data.folder, "backup", place)
    ids = {key: key.rpartition("/")[2].partition(".")[0] for key in (deleted, purged)}
    async with data.database.write() as connection:
        values: ImageChanges = {"deleted_at": now()}
        await update_image(connection, ids[deleted], user_id="ann", values=values)
        await purge_images(connection, [ids[purged]], at=now())
    await ImageFiles(data.database, data.store).sweep()
    result = await command(data.folder, "backup", place)
    assert "1 copied, 0 there already, 2 removed" in result.output
    assert [path.name for path in (place / "images" / "generated").glob("*.png")] == []
    result = await command(restored, "restore", place)
    assert result.exit_code == 0, result.output
    (hidden,) = (restored / "images" / "withheld").glob("*.png")
    assert hidden.name.endswith(f"-{ids[deleted]}.png")


async def test_files_of_deleted_images_are_copied_and_found_where_they_were_moved(
    data: Data, tmp_path: Path, command: Command
) -> None:
    async def change(statement: str, *values: str) -> None:
        async with data.database.write() as connection:
            await connection.exec_driver_sql(f"UPDATE images SET {statement}", values)

    place, restored = tmp_path / "backup", tmp_path / "restored"
    deleted, moved, back = [await data.image() for _ in range(3)]
    hidden = {
        key: f"withheld/{letter * 32}-{key.rpartition('/')[2]}"
        for key, letter in (
            (deleted, "a"),
            (moved, "b"),
            (back, "c"),
        )
    }
    for key in (deleted, back):
        values = (hidden[key], key)
        await change(
            "deleted_at = created_at, withheld_at = created_at, withheld_key = ? "
            "WHERE storage_key = ?",
            *values,
        )
    # As if one was deleted and another restored, after the database was copied.
    await data.store.withhold(deleted, hidden[deleted])
    await data.store.withhold(moved, hidden[moved])
    result = await command(data.folder, "backup", place)
    assert "3 copied" in result.output
    result = await command(restored, "restore", place)
    assert result.exit_code == 0, result.output
    store = FolderStore(restored / "images", "http://127.0.0.1:8000")
    assert await store.get(hidden[deleted]) is not None
    assert await store.get(moved) is not None, "its row says that it is not deleted"
    assert await store.get(hidden[back]) is not None, "its row says that it is deleted"
    assert await store.get(back) is None
    result = await command(data.folder, "backup", place)
    assert "0 copied, 3 there already, 0 removed" in result.output


async def test_an_interrupted_restore_is_run_again(
    data: Data, tmp_path: Path, command: Command
) -> None:
    place, restored = tmp_path / "backup", tmp_path / "restored"
    keys = [await data.image() for _ in range(3)]
    await command(data.folder, "backup", place)
    blocked = place / "images" / keys[1]
    blocked.rename(tmp_path / "away")
    blocked.mkdir()
    result = await command(restored, "restore", place)
    assert result.exit_code == 1
    assert str(place) in result.output
    assert not (restored / "gql_server.db").exists()
    blocked.rmdir()
    (tmp_path / "away").rename(blocked)
    result = await command(restored, "restore", place)
    assert result.exit_code == 0, result.output
    assert not (restored / ".restoring").exists()


async def test_a_backup_that_fails_leaves_the_one_before(
    data: Data, tmp_path: Path, command: Command
) -> None:
    place, restored = tmp_path / "backup", tmp_path / "restored"
    await data.image()
    assert (await command(data.folder, "backup", place)).exit_code == 0
    unreadable = data.folder / "images" / await data.image()
    unreadable.unlink()
    unreadable.mkdir()
    result = await command(data.folder, "backup", place)
    assert (result.exit_code, "could not get" in result.output) == (1, True), result.output
    assert not (place / ".incoming").exists()
    assert (await command(restored, "restore", place)).exit_code == 0
    assert len(list((restored / "images/generated").glob("img_*"))) == 1


async def test_a_file_that_the_backup_lacks_is_reported(
    data: Data, tmp_path: Path, command: Command
) -> None:
    place = tmp_path / "backup"
    key = await data.image()
    await data.store.delete(key)
    await command(data.folder, "backup", place)
    result = await command(tmp_path / "restored", "restore", place)
    assert result.exit_code == 1
    assert "file is gone" in result.output


async def test_a_backup_in_a_bucket_is_restored(
    data: Data,
    tmp_path: Path,
    s3: S3Server,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3.endpoint_url)
    bucket = s3.make_bucket()
    place = f"s3://{bucket}/nightly/one"
    s3.write(bucket, "nightly/two/other", b"of another")
    keys = [await data.image() for _ in range(2)]
    for expected in ("2 copied, 0 there already", "0 copied, 2 there already"):
        result = await command(data.folder, "backup", place)
        assert result.exit_code == 0, result.output
        assert expected in result.output
    names = {key.removeprefix("nightly/one/") for key in s3.keys(bucket)}
    assert {f"images/{key}" for key in keys} < names
    assert len([name for name in names if name.endswith(".db")]) == 1
    restored = tmp_path / "restored"
    result = await command(restored, "restore", place)
    assert result.exit_code == 0, result.output
    assert (restored / "images" / keys[0]).read_bytes() == b"bytes"

    result = await command(tmp_path / "other", "restore", f"s3://{bucket}/nightly/two")
    assert "is not a backup" in result.output
    result = await command(data.folder, "backup", f"s3://{bucket}/nightly/two")
    assert "has files, such as other" in result.output
    result = await command(data.folder, "backup", "s3://there-is-no-such-bucket/x")
    assert result.exit_code == 1
    assert "NoSuchBucket" in result.output
    assert "AWS_ACCESS_KEY_ID" in result.output


async def test_images_in_a_bucket_are_left_to_its_own_tools(
    data: Data,
    tmp_path: Path,
    s3: S3Server,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bucket = s3.make_bucket()
    monkeypatch.setenv("R2_BUCKET", bucket)
    monkeypatch.setenv("R2_ACCESS_KEY_ID", ACCESS_KEY_ID)
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY)
    monkeypatch.setenv("R2_ENDPOINT_URL", s3.endpoint_url)
    result = await command(data.folder, "audit", "--store", "--adopt")
    assert result.exit_code == 0, result.output
    result = await command(data.folder, "backup", tmp_path / "backup")
    assert "The images are in the bucket: copy them now" in result.output
    assert "R2_ACCESS_KEY_ID, R2_SECRET_ACCESS_KEY" in result.output
    monkeypatch.setenv("R2_BUCKET", s3.make_bucket())
    result = await command(tmp_path / "restored", "restore", tmp_path / "backup")
    assert "has no marker; the database's images are in the store" in result.output
    monkeypatch.setenv("R2_BUCKET", bucket)
    result = await command(tmp_path / "restored", "restore", tmp_path / "backup")
    assert result.exit_code == 0, result.output


def test_a_database_is_copied_while_it_is_written_to(tmp_path: Path) -> None:
    """Writers change pages that are copied already; the copy is still of one moment."""
    source, copy = tmp_path / "source.db", tmp_path / "copy.db"
    with closing(sqlite3.connect(source, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, filling BLOB)")
        connection.execute("BEGIN")
        for _ in range(2_000):
            connection.execute("INSERT INTO t (n, filling) VALUES (0, zeroblob(3000))")
        connection.execute("COMMIT")
    stop, writes = threading.Event(), 0

    def write() -> None:
        nonlocal writes
        with closing(sqlite3.connect(source, isolation_level=None, timeout=30)) as connection:
            while not stop.is_set():
                connection.execute("UPDATE t SET n = n + 1")
                writes += 1

    steps = []

    def on_progress(done: int, total: int) -> None:
        steps.append((done, total))
        seen = writes
        while writes == seen and writer.is_alive():  # each step meets a change
            stop.wait(0.001)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        take_snapshots([(source, copy)], on_progress=on_progress, pages_at_once=500)
    finally:
        stop.set()
        writer.join()
    assert len(steps) == len({done for done, _ in steps}) >= 3
    with closing(sqlite3.connect(copy)) as connection:
        (kinds,) = connection.execute("SELECT count(DISTINCT n) FROM t").fetchone()
        assert kinds == 1
    assert [path.name for path in tmp_path.glob("copy*")] == ["copy.db"]


async def test_the_manifest_names_what_is_kept_elsewhere(
    data: Data, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("URL_SIGNING_SECRET", "x" * 40)
    await data.store.put("generated/x.png", StoredObject(data=b"x", content_type="image/png"))
    result = await command(data.folder, "backup", tmp_path / "backup")
    assert "keep them elsewhere: the settings (URL_SIGNING_SECRET)" in result.output
    content = (tmp_path / "backup/backup.json").read_text()
    assert json.loads(content)["kept_elsewhere"] == ["URL_SIGNING_SECRET"]
    assert "xxx" not in content
