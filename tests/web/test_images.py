import asyncio
import re
import time
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image
from starlette.applications import Starlette

from gql_server.storage.folder import FolderStore
from gql_server.storage.signing import UrlSigner
from gql_server.storage.store import StoredObject
from gql_server.web.images import images_route

pytestmark = pytest.mark.anyio

ORIGINAL = "/images/generated/img_1.png"
TEXT = "/images/generated/notes.txt"


def _png(width: int, height: int) -> bytes:
    out = BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(out, "PNG")
    return out.getvalue()


PNG = _png(320, 200)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "objects"


@pytest.fixture
async def client(root: Path) -> AsyncIterator[httpx.AsyncClient]:
    store = FolderStore(root, "http://pictures")
    await store.put("generated/img_1.png", StoredObject(data=PNG, content_type="image/png"))
    await store.put("generated/img_2.jpg", StoredObject(data=b"cut", content_type="image/jpeg"))
    await store.put(
        "generated/notes.txt", StoredObject(data=b"0123456789", content_type="text/plain")
    )
    app = Starlette(routes=[images_route(store)])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://pictures") as client:
        yield client


async def test_an_image_is_served_for_good_and_as_what_it_is(client: httpx.AsyncClient) -> None:
    answer = await client.get(ORIGINAL)
    assert answer.status_code == 200
    assert answer.content == PNG
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Length"] == str(len(PNG))
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.headers["ETag"].startswith('"')


async def test_the_address_of_the_store_is_the_address_of_the_route(
    client: httpx.AsyncClient, root: Path
) -> None:
    address = await FolderStore(root, "http://pictures").url("generated/img_1.png", width=10)
    answer = await client.get(address)
    assert Image.open(BytesIO(answer.content)).width == 10


@pytest.mark.parametrize("query", ["", "?width=100", "?format=webp"])
async def test_a_head_request_gets_the_headers_alone(client: httpx.AsyncClient, query: str) -> None:
    head = await client.head(ORIGINAL + query)
    get = await client.get(ORIGINAL + query)
    assert head.status_code == 200
    assert head.content == b""
    assert dict(head.headers) == dict(get.headers)


@pytest.mark.parametrize("query", ["", "?width=100"])
@pytest.mark.parametrize("form", ["{}", "W/{}", '"other", {}', "*"])
async def test_a_client_that_has_the_image_gets_304(
    client: httpx.AsyncClient, query: str, form: str
) -> None:
    etag = (await client.get(ORIGINAL + query)).headers["ETag"]
    answer = await client.get(ORIGINAL + query, headers={"If-None-Match": form.format(etag)})
    assert answer.status_code == 304
    assert answer.content == b""
    assert answer.headers["ETag"] == etag
    assert "immutable" in answer.headers["Cache-Control"]


async def test_another_etag_gets_the_image(client: httpx.AsyncClient) -> None:
    answer = await client.get(ORIGINAL, headers={"If-None-Match": '"other"'})
    assert answer.status_code == 200


async def test_originals_and_renditions_have_etags_of_their_own(client: httpx.AsyncClient) -> None:
    queries = ["", "?width=100", "?width=101", "?format=jpeg"]
    etags = {(await client.get(ORIGINAL + query)).headers["ETag"] for query in queries}
    assert len(etags) == len(queries)


async def test_the_etag_outlives_a_copy_of_the_folder(
    client: httpx.AsyncClient, root: Path
) -> None:
    before = (await client.get(ORIGINAL)).headers["ETag"]
    file = root / "generated/img_1.png"
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content)
    assert (await client.get(ORIGINAL)).headers["ETag"] == before


@pytest.mark.parametrize(
    ("requested", "content_range", "content"),
    [
        ("bytes=2-4", "bytes 2-4/10", b"234"),
        ("bytes=7-", "bytes 7-9/10", b"789"),
        ("bytes=-2", "bytes 8-9/10", b"89"),
        ("bytes=8-100", "bytes 8-9/10", b"89"),
    ],
)
async def test_a_range_is_served_alone(
    client: httpx.AsyncClient, requested: str, content_range: str, content: bytes
) -> None:
    answer = await client.get(TEXT, headers={"Range": requested})
    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == content_range
    assert answer.content == content


async def test_a_range_beyond_the_end_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get(TEXT, headers={"Range": "bytes=10-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == "bytes */10"


async def test_a_range_of_what_has_changed_gets_the_whole(client: httpx.AsyncClient) -> None:
    etag = (await client.get(TEXT)).headers["ETag"]
    same = await client.get(TEXT, headers={"Range": "bytes=0-1", "If-Range": etag})
    other = await client.get(TEXT, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (same.status_code, other.status_code) == (206, 200)


@pytest.mark.parametrize(
    "path",
    [
        "/images/generated/img_9.png",
        "/images/generated",
        "/images/",
        "/images/generated/.img_1.png.json",
        "/images/%2e%2e/objects/generated/img_1.png",
        "/images/generated%2f..%2f..%2fsecret",
        "/images/generated/img_1.png%00",
        "/images/%2fetc/passwd",
        "/images/generated/img_9.png?width=100",
    ],
)
async def test_what_is_no_image_of_the_store_is_not_found(
    client: httpx.AsyncClient, root: Path, path: str
) -> None:
    (root.parent / "secret").write_text("secret")
    answer = await client.get(path)
    assert answer.status_code == 404
    assert answer.text == "The image does not exist."
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_other_methods_are_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(ORIGINAL)
    assert answer.status_code == 405


@pytest.mark.parametrize(
    ("query", "size", "content_type"),
    [
        ("width=160", (160, 100), "image/png"),
        ("width=1", (1, 1), "image/png"),
        ("width=4096", (320, 200), "image/png"),
        ("format=jpeg", (320, 200), "image/jpeg"),
        ("width=160&format=webp", (160, 100), "image/webp"),
        ("format=avif&width=64", (64, 40), "image/avif"),
        ("format=png", (320, 200), "image/png"),
    ],
)
async def test_a_rendition_has_the_size_and_format_requested_and_is_never_enlarged(
    client: httpx.AsyncClient, query: str, size: tuple[int, int], content_type: str
) -> None:
    answer = await client.get(f"{ORIGINAL}?{query}")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    picture = Image.open(BytesIO(answer.content))
    assert picture.size == size
    assert f"image/{str(picture.format).lower()}" == content_type


@pytest.mark.parametrize(
    ("query", "message"),
    [
        *[
            (f"width={width}", "width must be a whole number from 1 to 4096.")
            for width in ["0", "4097", "-1", "1.5", "abc", "", "99999", "1e3", "%D9%A3"]
        ],
        *[
            (f"format={name}", "format must be one of jpeg, png, webp, avif.")
            for name in ["gif", "JPEG", "", "svg"]
        ],
        ("width=100&format=gif", "format must be one of jpeg, png, webp, avif."),
    ],
)
async def test_a_bad_query_is_answered_with_the_options(
    client: httpx.AsyncClient, query: str, message: str
) -> None:
    answer = await client.get(f"{ORIGINAL}?{query}")
    assert answer.status_code == 400
    assert answer.text == message
    assert answer.headers["Cache-Control"] == "no-store"


async def test_what_cannot_be_decoded_cannot_be_resized(client: httpx.AsyncClient) -> None:
    answer = await client.get("/images/generated/img_2.jpg?width=100")
    assert answer.status_code == 400
    assert "cannot be resized" in answer.text
    assert (await client.get("/images/generated/img_2.jpg")).status_code == 200


async def test_an_image_that_cannot_be_read_is_a_server_error_that_is_not_cached(
    client: httpx.AsyncClient, root: Path
) -> None:
    (root / "generated/.img_1.png.json").write_text("{")
    answer = await client.get(ORIGINAL)
    assert answer.status_code == 503
    assert str(root) not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"


async def test_many_renditions_at_once_are_all_right(client: httpx.AsyncClient) -> None:
    widths = [10, 20, 30, 40] * 5
    answers = await asyncio.gather(*(client.get(f"{ORIGINAL}?width={width}") for width in widths))
    assert [Image.open(BytesIO(answer.content)).width for answer in answers] == widths


async def test_a_signed_address_lets_one_image_be_seen_until_it_expires(
    root: Path, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (await client.get(ORIGINAL)).status_code == 200
    store = FolderStore(root, "http://pictures", signer=UrlSigner(b"s" * 32))
    assert store.public_base is None
    transport = httpx.ASGITransport(Starlette(routes=[images_route(store)]))
    address = await store.url("generated/img_1.png", width=10, expires_in=60)
    async with httpx.AsyncClient(transport=transport, base_url="http://pictures") as signed:
        answer = await signed.get(address)
        assert answer.status_code == 200
        assert Image.open(BytesIO(answer.content)).width == 10
        cached = re.fullmatch(r"private, max-age=(\d+), immutable", answer.headers["Cache-Control"])
        assert cached is not None
        assert 55 <= int(cached[1]) <= 66
        whole = await store.url("generated/img_1.png", expires_in=60)
        assert (await signed.get(whole)).content == PNG
        for refused in (
            ORIGINAL,
            f"{ORIGINAL}?expires=1900000000&signature=x",
            address.replace("img_1.png", "img_2.jpg"),
            address.replace("img_1.png", "missing.png"),
            # The signature holds for this rendition alone.
            address.replace("width=10&", ""),
            address.replace("width=10&", "width=4096&"),
            address + "&format=avif",
            whole + "&width=10",
        ):
            answer = await signed.get(refused)
            assert answer.status_code == 403
            assert answer.headers["Cache-Control"] == "no-store"
        missing = await signed.get(await store.url("generated/missing.png"))
        assert (missing.status_code, missing.headers["Cache-Control"]) == (404, "no-store")
        monkeypatch.setattr("gql_server.storage.signing.time", lambda: time.time() + 66)
        assert (await signed.get(address)).status_code == 403


@pytest.mark.parametrize("seconds", [0, -1, 604_801])
async def test_a_signed_address_holds_a_week_at_most(root: Path, seconds: int) -> None:
    store = FolderStore(root, "http://pictures", signer=UrlSigner(b"s" * 32))
    with pytest.raises(ValueError, match="expires_in"):
        await store.url("generated/img_1.png", expires_in=seconds)
