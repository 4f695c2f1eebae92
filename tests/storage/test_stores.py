"""What every store promises, asked of each."""

import asyncio
from pathlib import Path

import pytest

from gql_server.pictures.formats import ImageFormat
from gql_server.storage.folder import FolderStore
from gql_server.storage.keys import MAX_KEY_LENGTH, InvalidKey
from gql_server.storage.store import Store, StoredObject
from tests.support.r2_stores import OpenR2

pytestmark = pytest.mark.anyio

KEY = "generated/img_01jz.png"
PICTURE = StoredObject(data=b"\x89PNG and more", content_type="image/png")


@pytest.fixture(params=["folder", "r2"])
async def store(request: pytest.FixtureRequest, tmp_path: Path, open_r2: OpenR2) -> Store:
    if request.param == "folder":
        return FolderStore(tmp_path / "objects", "http://127.0.0.1:8000")
    return await open_r2(public_url="https://pictures.example.com")


async def test_what_was_put_comes_back_with_its_content_type_and_metadata(store: Store) -> None:
    stored = StoredObject(
        data=bytes(range(256)) * 100,
        content_type="image/webp",
        metadata={"seed": "42", "provider-cost": "0.0011", "model": "@cf/x/flux-1:schnell, 100%"},
    )
    assert await store.put(KEY, stored)
    assert await store.get(KEY) == stored


@pytest.mark.parametrize(
    "text",
    ["", " ", "two  spaces, and at the end ", "é 日本 🙂", "%20", "line\nbreak", "\x00", "ÿ"],
)
async def test_any_text_survives_as_metadata(store: Store, text: str) -> None:
    stored = StoredObject(data=b"x", content_type="image/png", metadata={"note": text})
    assert await store.put(KEY, stored)
    assert await store.get(KEY) == stored


async def test_an_object_may_be_empty(store: Store) -> None:
    assert await store.put(KEY, StoredObject(data=b"", content_type="image/png"))
    found = await store.get(KEY)
    assert found is not None
    assert found.data == b""


async def test_what_was_deleted_is_gone_and_its_key_free(store: Store) -> None:
    await store.delete(KEY)
    await store.put(KEY, PICTURE)
    await store.delete(KEY)
    assert await store.get(KEY) is None
    await store.delete(KEY)
    other = StoredObject(data=b"other", content_type="image/png")
    assert await store.put(KEY, other)
    assert await store.get(KEY) == other
    with pytest.raises(InvalidKey):
        await store.delete("../escape")


async def test_a_key_is_written_once(store: Store) -> None:
    assert await store.put(KEY, PICTURE)
    other = StoredObject(data=b"other", content_type="image/jpeg", metadata={"who": "other"})
    assert not await store.put(KEY, other)
    assert not await store.put(KEY, PICTURE)
    assert await store.get(KEY) == PICTURE


async def test_of_20_racing_writers_one_wins_and_the_object_stays_the_winners(
    store: Store,
) -> None:
    racers = [
        StoredObject(data=b"%d" % n * 5000, content_type="image/png", metadata={"racer": str(n)})
        for n in range(20)
    ]
    won = await asyncio.gather(*(store.put(KEY, racer) for racer in racers))
    assert won.count(True) == 1
    assert await store.get(KEY) == racers[won.index(True)]


async def test_what_a_loser_was_refused_for_is_there_to_read(store: Store) -> None:
    async def put_and_get() -> StoredObject | None:
        await store.put(KEY, PICTURE)
        return await store.get(KEY)

    assert await asyncio.gather(*(put_and_get() for _ in range(10))) == [PICTURE] * 10


async def test_a_missing_key_is_none(store: Store) -> None:
    assert await store.get(KEY) is None
    await store.put(KEY, PICTURE)
    assert await store.get("generated/img_other.png") is None
    assert await store.get(f"{KEY}/below") is None


async def test_the_longest_key_is_kept(store: Store) -> None:
    key = "generated/".ljust(MAX_KEY_LENGTH, "x")
    assert await store.put(key, PICTURE)
    assert await store.get(key) == PICTURE


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "../secret",
        "generated/../../secret",
        "generated/..",
        "generated/./x.png",
        "generated//x.png",
        "generated/",
        ".parts/x",
        "generated/.x.png.json",
        "generated\\x.png",
        "C:/x",
        "generated/x\x00.png",
        "generated/x.png\n",
        "generated/X.png",
        "generated/ä.png",
        "generated/%2e%2e/x",
        "generated/a b",
        "generated/".ljust(MAX_KEY_LENGTH + 1, "x"),
    ],
)
async def test_a_key_that_could_lead_elsewhere_is_refused(store: Store, key: str) -> None:
    with pytest.raises(InvalidKey):
        await store.put(key, PICTURE)
    with pytest.raises(InvalidKey):
        await store.get(key)
    with pytest.raises(InvalidKey):
        await store.url(key)


@pytest.mark.parametrize("name", ["", "Seed", "put_id", "put-id", "a b", "-a", "é", "a--b"])
async def test_a_metadata_key_that_headers_would_change_is_refused(store: Store, name: str) -> None:
    stored = StoredObject(data=b"x", content_type="image/png", metadata={name: "1"})
    with pytest.raises(ValueError, match="metadata key"):
        await store.put(KEY, stored)


async def test_metadata_that_s3_would_not_take_are_refused(store: Store) -> None:
    stored = StoredObject(data=b"x", content_type="image/png", metadata={"note": "é" * 400})
    with pytest.raises(ValueError, match="1900 bytes"):
        await store.put(KEY, stored)


@pytest.mark.parametrize("content_type", ["", "png", "image/png\r\nX-Evil: 1", "image/ png"])
async def test_an_invalid_content_type_is_refused(store: Store, content_type: str) -> None:
    with pytest.raises(ValueError, match="not a media type"):
        await store.put(KEY, StoredObject(data=b"x", content_type=content_type))


async def test_a_key_is_appended_to_the_public_base(store: Store) -> None:
    assert await store.url(KEY) == f"{store.public_base}/{KEY}"


async def test_an_address_can_ask_for_a_rendition(store: Store) -> None:
    plain = await store.url(KEY)
    resized = await store.url(KEY, width=400, format=ImageFormat.WEBP)
    assert resized != plain
    assert "width=400" in resized
    assert "format=webp" in resized


@pytest.mark.parametrize("width", [0, -1, 4097])
async def test_a_width_out_of_range_is_refused(store: Store, width: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 4096"):
        await store.url(KEY, width=width)


async def test_a_store_that_can_be_used_passes_its_check(store: Store) -> None:
    await store.check()


async def test_a_listing_is_sorted_and_begins_after_a_key(store: Store) -> None:
    keys = [f"generated/img_{letter}.png" for letter in ("b", "a", "c_", "c")]
    for key in (*keys, "sources/src_a.png"):
        await store.put(key, PICTURE)

    async def listed(after: str) -> list[str]:
        pages = store.listing("generated/", after=after)
        return [found.key async for page in pages for found in page]

    assert await listed("") == sorted(keys)
    assert await listed("generated/") == sorted(keys)
    assert await listed(sorted(keys)[1]) == sorted(keys)[2:]
    assert await listed(max(keys)) == []


HIDDEN = "withheld/0123456789abcdef0123456789abcdef-img_01jz.png"


async def test_a_withheld_object_is_out_of_reach_until_it_is_released(store: Store) -> None:
    stored = StoredObject(data=b"bytes", content_type="image/png", metadata={"seed": "7"})
    await store.put(KEY, stored)
    for _ in range(2):  # a crash may have repeated it
        await store.withhold(KEY, HIDDEN)
        assert await store.get(KEY) is None
        assert await store.get(HIDDEN) == stored
        assert [page async for page in store.listing("generated/")] == []
        assert [one.key async for page in store.listing("withheld/") for one in page] == [HIDDEN]
    for _ in range(2):
        await store.release(KEY, HIDDEN)
        assert await store.get(KEY) == stored
    await store.withhold(KEY, HIDDEN)
    assert await store.get(HIDDEN) == stored


async def test_an_erased_object_has_no_copy_left(store: Store) -> None:
    await store.erase(KEY, HIDDEN)
    for _ in range(2):
        await store.put(KEY, PICTURE)
        await store.withhold(KEY, HIDDEN)
        await store.release(KEY, HIDDEN)
        await store.set_aside(KEY)
        await store.put(KEY, PICTURE)
        await store.erase(KEY, HIDDEN)
        for prefix in ("generated/", "withheld/", ".quarantine/"):
            assert [page async for page in store.listing(prefix)] == []
        assert await store.get(KEY) is None
        assert await store.get(HIDDEN) is None
