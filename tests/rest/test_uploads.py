"""Pictures uploaded by REST: as the body itself, and in a form."""

import re
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from gql_server.generation.create_upload import MAX_UPLOAD_BYTES
from tests.rest.calls import ask, generate, send
from tests.support.running_app import RunningApp, png, running_app

pytestmark = pytest.mark.anyio

IMG2IMG = "@cf/runwayml/stable-diffusion-v1-5-img2img"
PNG = {"Content-Type": "image/png"}
FIELDS = (
    "id",
    "url",
    "width",
    "height",
    "content_type",
    "size_bytes",
    "created_at",
    "user_id",
)


@pytest.fixture
async def open_server(tmp_path: Path) -> AsyncIterator[RunningApp]:
    """A server that asks for no key, so that pages of other origins are kept out by their form."""
    async with running_app(tmp_path) as running:
        yield running


async def test_an_image_is_the_body(user: RunningApp) -> None:
    response = await send(user, "POST", "source-images", content=png(40, 30), headers=PNG)
    assert response.status_code == 201
    uploaded = response.json()
    assert tuple(uploaded) == FIELDS
    assert (uploaded["width"], uploaded["height"]) == (40, 30)
    assert response.headers["location"] == f"/api/source-images/{uploaded['id']}"
    kept = await user.client.get(uploaded["url"])
    assert len(kept.content) == uploaded["size_bytes"]
    assert Image.open(BytesIO(kept.content)).size == (40, 30)
    image = await generate(user, model=IMG2IMG, source_image_ids=[uploaded["id"]])
    assert image["id"]


@pytest.mark.parametrize("kind", ["application/octet-stream", "image/whatever"])
async def test_the_bytes_decide_the_format_and_not_the_header(user: RunningApp, kind: str) -> None:
    await ask(user, "POST", "source-images", 201, content=png(8, 8), headers={"Content-Type": kind})


async def test_an_image_is_in_a_form(user: RunningApp) -> None:
    files = {"file": ("photo.png", png(40, 30), "image/png")}
    uploaded = await ask(user, "POST", "source-images", 201, files=files)
    assert uploaded["width"] == 40
    missing = await ask(user, "POST", "source-images", 400, files={"picture": ("a.png", png(8, 8))})
    assert missing["details"]["field"] == "file"
    several = [("file", ("a.png", png(8, 8))), ("file", ("b.png", png(8, 8)))]
    await ask(user, "POST", "source-images", 400, files=several)


async def test_a_form_of_another_page_is_refused(open_server: RunningApp) -> None:
    files = {"file": ("photo.png", png(8, 8), "image/png")}
    refused = await ask(open_server, "POST", "source-images", 403, files=files)
    assert "X-Requested-With" in refused["details"]["message"]
    for kind in ("", "text/plain", "application/x-www-form-urlencoded", "application/json"):
        headers = {"Content-Type": kind} if kind else {}
        refused = await ask(
            open_server, "POST", "source-images", 415, content=png(8, 8), headers=headers
        )
        assert "image/png" in refused["details"]["message"]
    headers = {"X-Requested-With": "XMLHttpRequest"}
    await ask(open_server, "POST", "source-images", 201, files=files, headers=headers)


async def test_what_is_no_image_or_too_large_is_refused(user: RunningApp) -> None:
    problem = await ask(user, "POST", "source-images", 400, content=b"no picture", headers=PNG)
    assert problem["details"]["field"] == "file"
    assert "JPEG, PNG, WebP or AVIF" in problem["details"]["message"]
    too_much = b"\x89PNG" + bytes(MAX_UPLOAD_BYTES)
    await ask(user, "POST", "source-images", 413, content=too_much, headers=PNG)
    await ask(user, "POST", "source-images", 413, content=chunks(too_much), headers=PNG)
    response = await send(user, "POST", "source-images", files={"file": ("a.png", too_much)})
    assert response.status_code in {400, 413}


async def chunks(data: bytes) -> AsyncIterator[bytes]:
    """Send without telling the length."""
    for start in range(0, len(data), 1 << 20):
        yield data[start : start + (1 << 20)]


async def test_an_upload_is_kept_once_with_its_key(user: RunningApp) -> None:
    headers = PNG | {"Idempotency-Key": "photo-1"}
    first, again = [
        await ask(user, "POST", "source-images", 201, content=png(9, 9), headers=headers)
        for _ in range(2)
    ]
    assert first["id"] == again["id"]
    by_graphql = await user.upload(png(9, 9), key="photo-1")
    assert by_graphql["sourceImage"]["id"] == first["id"]
    await ask(user, "POST", "source-images", 422, content=png(8, 9), headers=headers)


async def test_uploads_are_listed_page_by_page_and_deleted_for_good(user: RunningApp) -> None:
    ids = [
        (await ask(user, "POST", "source-images", 201, content=png(8, n), headers=PNG))["id"]
        for n in (8, 9, 10)
    ]
    page = await ask(user, "GET", "source-images?limit=2")
    assert ([one["id"] for one in page["source_images"]], page["total"]) == (ids[:0:-1], 3)
    rest = await ask(user, "GET", f"source-images?limit=2&cursor={page['next_cursor']}")
    assert ([one["id"] for one in rest["source_images"]], rest["next_cursor"]) == (ids[:1], None)
    shown = await ask(user, "GET", f"source-images/{ids[0]}")
    for _ in range(2):
        gone = await ask(user, "DELETE", f"source-images/{ids[0]}")
        assert gone == {"id": ids[0], "is_deleted": True}
    await ask(user, "GET", f"source-images/{ids[0]}", 404)
    assert (await user.client.get(shown["url"])).status_code == 404
    assert (await ask(user, "GET", "source-images"))["total"] == 2
    for nothing in ("src_none", "img_none", "x"):
        assert (await send(user, "DELETE", f"source-images/{nothing}")).status_code == 404
    assert re.fullmatch(r"src_[0-9a-z]{26}", ids[0])
