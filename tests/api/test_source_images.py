"""Uploads: their quota, and how they are deleted."""

import json
from base64 import b64encode
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from gql_server.domain.principal import Role
from gql_server.generation.create_upload import MAX_UPLOAD_BYTES
from tests.support.clients import client_of
from tests.support.running_app import RunningApp, png, running_app

pytestmark = pytest.mark.anyio

AS_TEXT = """mutation T($url: String, $file: Upload, $key: String) {
  uploadSourceImage(input: {dataUrl: $url, file: $file, idempotencyKey: $key}) {
    sourceImage { id width height sizeBytes } userErrors { message code path } } }"""
LIST = """query L($after: String, $filter: SourceImageFilter) {
  sourceImages(first: 2, after: $after, filter: $filter) {
    totalCount pageInfo { hasNextPage endCursor } edges { node { id userId width } } } }"""
DELETE = """mutation D($id: ID!) {
  deleteSourceImage(input: {id: $id}) { deletedId userErrors { __typename path } } }"""


async def test_uploads_are_bounded_by_number_until_some_are_deleted(tmp_path: Path) -> None:
    async with running_app(tmp_path, {"uploads_per_user": 2}) as app:
        first, _ = [await app.upload(png(8, 8)) for _ in range(2)]
        refused = await app.upload(png(8, 8))
        (error,) = refused["userErrors"]
        assert (error["code"], error["path"]) == ("TOO_MANY", ["input", "file"])
        upload_id = first["sourceImage"]["id"]
        url = first["sourceImage"]["url"]
        assert (await app.client.get(url)).status_code == 200
        answer = await app.ask(DELETE, id=upload_id)
        assert answer["deleteSourceImage"] == {"deletedId": upload_id, "userErrors": []}
        assert (await app.client.get(url)).status_code == 404
        again = (await app.ask(DELETE, id=upload_id))["deleteSourceImage"]
        assert again == {"deletedId": upload_id, "userErrors": []}
        nothing = (await app.ask(DELETE, id=upload_id[:-3] + "000"))["deleteSourceImage"]
        assert nothing["userErrors"] == [{"__typename": "ImageNotFound", "path": ["input", "id"]}]
        assert (await app.upload(png(8, 8)))["userErrors"] == []


async def test_uploads_are_bounded_by_bytes(tmp_path: Path) -> None:
    async with running_app(tmp_path, {"upload_bytes_per_user": 500}) as app:
        assert (await app.upload(png(64, 64)))["userErrors"] == []
        (error,) = (await app.upload(b"\x89PNG" + b"x" * 500))["userErrors"]
        assert (error["code"], "500" in error["message"]) == ("TOO_MANY", True)


async def test_an_upload_keeps_its_transparency(app: RunningApp) -> None:
    target = BytesIO()
    Image.new("RGBA", (16, 16), (255, 255, 255, 0)).save(target, "PNG")
    uploaded = await app.upload(target.getvalue())
    kept = await app.client.get(uploaded["sourceImage"]["url"])
    assert Image.open(BytesIO(kept.content)).mode == "RGBA"


def data_url(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{b64encode(data).decode()}"


async def test_an_upload_is_a_data_url(app: RunningApp) -> None:
    answer = await app.ask(AS_TEXT, url=data_url(png(40, 30)), key="one")
    uploaded = answer["uploadSourceImage"]
    assert uploaded["userErrors"] == []
    image = uploaded["sourceImage"]
    assert (image["width"], image["height"], image["sizeBytes"] > 0) == (40, 30, True)
    as_file = await app.upload(png(40, 30), key="one")
    assert as_file["sourceImage"]["id"] == image["id"]
    for kind in ("", "image/jpeg", "IMAGE/PNG;charset=x"):  # the bytes tell what it is
        answer = await app.ask(AS_TEXT, url=data_url(png(8, 8), kind))
        assert answer["uploadSourceImage"]["userErrors"] == []


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "INVALID"),
        ("iVBORw0KGgo=", "INVALID"),
        ("data:image/png,abc", "INVALID"),
        ("data:image/png;base64,a b=", "INVALID"),
        ("data:image/png;base64,ä", "INVALID"),
        ("data:image/png;base64,QUJD", "INVALID"),
        ("https://example.com/a.png", "INVALID"),
    ],
)
async def test_a_data_url_that_cannot_be_used_says_why(
    app: RunningApp, url: str, code: str
) -> None:
    (error,) = (await app.ask(AS_TEXT, url=url))["uploadSourceImage"]["userErrors"]
    assert (error["code"], error["path"]) == (code, ["input", "dataUrl"])


async def test_a_data_url_is_bounded_before_it_is_decoded(tmp_path: Path) -> None:
    async with running_app(tmp_path, {"max_body_bytes": 64 * 1024 * 1024}) as app:
        url = "data:image/png;base64," + "!" * (MAX_UPLOAD_BYTES // 3 * 4 + 400)
        (error,) = (await app.ask(AS_TEXT, url=url))["uploadSourceImage"]["userErrors"]
        assert (error["code"], error["path"]) == ("TOO_LONG", ["input", "dataUrl"])


async def test_an_upload_is_either_a_file_or_a_data_url(app: RunningApp) -> None:
    (error,) = (await app.ask(AS_TEXT))["uploadSourceImage"]["userErrors"]
    assert (error["code"], error["path"]) == ("REQUIRED", ["input", "file"])
    response = await app.client.post(
        "/graphql",
        data={
            "operations": json.dumps(
                {"query": AS_TEXT, "variables": {"file": None, "url": data_url(png(8, 8))}}
            ),
            "map": '{"0": ["variables.file"]}',
        },
        files={"0": ("a.png", png(8, 8))},
        headers={"GraphQL-Require-Preflight": "1"},
    )
    (error,) = response.json()["data"]["uploadSourceImage"]["userErrors"]
    assert error["path"] == ["input", "dataUrl"]


async def test_uploads_are_listed_for_their_user_and_admins(app_with_keys: RunningApp) -> None:
    async with (
        client_of(app_with_keys, "ann", Role.CREATOR) as ann,
        client_of(app_with_keys, "bob", Role.CREATOR) as bob,
        client_of(app_with_keys, "eve", Role.ADMIN) as eve,
    ):
        ids = [(await ann.upload(png(8, n)))["sourceImage"]["id"] for n in (8, 9, 10)]
        await bob.upload(png(8, 8))
        page = (await ann.ask(LIST))["sourceImages"]
        assert [edge["node"]["id"] for edge in page["edges"]] == ids[:0:-1]
        assert (page["totalCount"], page["pageInfo"]["hasNextPage"]) == (3, True)
        page = (await ann.ask(LIST, after=page["pageInfo"]["endCursor"]))["sourceImages"]
        assert [edge["node"]["id"] for edge in page["edges"]] == ids[:1]
        assert (await ann.ask(LIST, filter={"userId": "bob"}))["sourceImages"]["totalCount"] == 0
        assert (await eve.ask(LIST))["sourceImages"]["totalCount"] == 4
        assert (await eve.ask(LIST, filter={"userId": "bob"}))["sourceImages"]["totalCount"] == 1
        await ann.ask(DELETE, id=ids[0])
        assert (await ann.ask(LIST))["sourceImages"]["totalCount"] == 2


async def test_an_address_of_an_upload_resizes_and_holds_for_that_size_alone(
    app_with_keys: RunningApp,
) -> None:
    query = """query U($id: ID!, $width: Int) { node(id: $id) { ... on SourceImage {
      url(width: $width, format: WEBP, expiresIn: 60) } } }"""
    async with client_of(app_with_keys, "ann", Role.CREATOR) as ann:
        upload_id = (await ann.upload(png(64, 32)))["sourceImage"]["id"]
        url = (await ann.ask(query, id=upload_id, width=16))["node"]["url"]
        kept = await app_with_keys.client.get(url)
        image = Image.open(BytesIO(kept.content))
        assert (image.format, image.size) == ("WEBP", (16, 8))
        assert (
            await app_with_keys.client.get(url.replace("width=16", "width=32"))
        ).status_code == 403
        answer = await ann.answer(query, id=upload_id, width=5000)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
