import json
import os
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from gql_server.storage.folder import LEFTOVER_SECONDS, FolderStore
from gql_server.storage.store import StoredObject, StoreMisconfigured, StoreUnavailable

pytestmark = pytest.mark.anyio

KEY = "generated/img_1.png"
PICTURE = StoredObject(data=b"\x89PNG" * 1000, content_type="image/png", metadata={"seed": "1"})
OTHER = StoredObject(data=b"other", content_type="image/jpeg", metadata={"seed": "2"})

FILE_OPERATIONS = {"open", "os.link", "os.mkdir", "os.remove", "os.rename"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
def store(root: Path) -> FolderStore:
    return FolderStore(root, "http://127.0.0.1:8000/")


def dies_before_operation(number: int, call: Callable[[], object]) -> bool:
    """Run a call in a process that ends, as by a power cut, before its n-th file operation.

    Returns:
        False when the call needs fewer operations and was finished.
    """
    child = os.fork()
    if child == 0:
        count = 0

        def count_down(event: str, _arguments: object) -> None:
            nonlocal count
            count += event in FILE_OPERATIONS
            if count == number:
                os._exit(1)

        sys.addaudithook(count_down)
        call()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


@pytest.mark.parametrize("is_swept_first", [True, False])
async def test_a_writer_that_dies_leaves_an_object_whole_or_not_at_all(
    root: Path, *, is_swept_first: bool
) -> None:
    number, states = 1, []
    while True:
        store = FolderStore(root / str(number), "http://127.0.0.1:8000")
        if not dies_before_operation(number, partial(store._files.put, KEY, PICTURE)):
            break
        if is_swept_first:
            await store.sweep(older_than=0)
        found = await store.get(KEY)
        assert found is None or found == PICTURE
        assert await store.put(KEY, OTHER) == (found is None)
        assert await store.get(KEY) == (found or OTHER)
        await store.sweep(older_than=0)
        assert list((root / str(number)).glob(".parts/*")) == []
        assert await store.get(KEY) == (found or OTHER)
        states.append(found is not None)
        number += 1
    assert states == sorted(states)
    assert set(states) == {False, True}


async def test_the_image_is_a_plain_file_beside_its_metadata(
    store: FolderStore, root: Path
) -> None:
    await store.put(KEY, PICTURE)
    assert (root / KEY).read_bytes() == PICTURE.data
    sidecar = json.loads((root / "generated/.img_1.png.json").read_text())
    assert sidecar["content_type"] == "image/png"
    assert sidecar["metadata"] == {"seed": "1"}
    assert sorted(path.name for path in (root / "generated").iterdir()) == [
        ".img_1.png.json",
        "img_1.png",
    ]
    assert list((root / ".parts").iterdir()) == []


async def test_a_sweep_leaves_alone_what_may_have_a_living_writer(
    store: FolderStore, root: Path
) -> None:
    await store.check()
    young, old = root / ".parts" / "generated+a.png+01", root / ".parts" / "generated+a.png+02"
    young.touch()
    old.touch()
    long_ago = time.time() - LEFTOVER_SECONDS - 60
    os.utime(old, (long_ago, long_ago))
    assert await store.sweep() == 1
    assert young.exists()
    assert not old.exists()


async def test_a_folder_that_was_never_used_is_swept_in_peace(store: FolderStore) -> None:
    assert await store.sweep() == 0


async def test_an_image_that_someone_removed_is_missing(store: FolderStore, root: Path) -> None:
    await store.put(KEY, PICTURE)
    (root / KEY).unlink()
    assert await store.get(KEY) is None
    assert await store.locate(KEY) is None
    with pytest.raises(StoreMisconfigured, match="describes a file that is gone"):
        await store.put(KEY, PICTURE)


async def test_a_damaged_sidecar_is_named(store: FolderStore, root: Path) -> None:
    await store.put(KEY, PICTURE)
    (root / "generated/.img_1.png.json").write_text("{")
    with pytest.raises(StoreMisconfigured, match="damaged"):
        await store.get(KEY)


async def test_a_file_in_the_folders_place_is_the_operators_error(tmp_path: Path) -> None:
    (tmp_path / "objects").touch()
    store = FolderStore(tmp_path / "objects", "http://127.0.0.1:8000")
    with pytest.raises(StoreMisconfigured):
        await store.check()
    with pytest.raises(StoreMisconfigured):
        await store.put(KEY, PICTURE)


async def test_a_disk_that_takes_no_more_may_pass_and_nothing_is_left(
    store: FolderStore, root: Path
) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
    try:
        with pytest.raises(StoreUnavailable):
            await store.put(KEY, StoredObject(data=b"x" * 200_000, content_type="image/png"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list((root / ".parts").iterdir()) == []
    assert await store.get(KEY) is None
    assert await store.put(KEY, PICTURE)


async def test_a_store_finds_the_file_of_an_object_for_serving(
    store: FolderStore, root: Path
) -> None:
    await store.put(KEY, PICTURE)
    found = await store.locate(KEY)
    assert found is not None
    assert found.path == root / KEY
    assert found.status.st_size == len(PICTURE.data)
    assert found.content_type == "image/png"
    assert await store.locate("generated/img_2.png") is None


async def test_another_process_over_the_same_folder_sees_what_was_written(
    store: FolderStore, root: Path
) -> None:
    await store.put(KEY, PICTURE)
    other = FolderStore(root, "http://127.0.0.1:9000")
    assert await other.get(KEY) == PICTURE
    assert not await other.put(KEY, OTHER)
    assert other.public_base == "http://127.0.0.1:9000/images"
