"""Uploads: their quota, and how they are deleted."""

from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests.support.product import Product, png, running_product

pytestmark = pytest.mark.anyio

DELETE = """mutation D($id: ID!) {
  deleteSourceImage(input: {id: $id}) { deletedId userErrors { __typename path } } }"""


async def test_uploads_are_bounded_by_number_until_some_are_deleted(tmp_path: Path) -> None:
    async with running_product(tmp_path, {"uploads_per_user": 2}) as product:
        first, _ = [await product.upload(png(8, 8)) for _ in range(2)]
        refused = await product.upload(png(8, 8))
        (error,) = refused["userErrors"]
        assert (error["code"], error["path"]) == ("TOO_MANY", ["input", "file"])
        upload_id = first["sourceImage"]["id"]
        url = first["sourceImage"]["url"]
        assert (await product.client.get(url)).status_code == 200
        answer = await product.ask(DELETE, id=upload_id)
        assert answer["deleteSourceImage"] == {"deletedId": upload_id, "userErrors": []}
        assert (await product.client.get(url)).status_code == 404
        again = (await product.ask(DELETE, id=upload_id))["deleteSourceImage"]
        assert again["userErrors"] == [{"__typename": "ImageNotFound", "path": ["input", "id"]}]
        assert (await product.upload(png(8, 8)))["userErrors"] == []


async def test_uploads_are_bounded_by_bytes(tmp_path: Path) -> None:
    async with running_product(tmp_path, {"upload_bytes_per_user": 500}) as product:
        assert (await product.upload(png(64, 64)))["userErrors"] == []
        (error,) = (await product.upload(b"\x89PNG" + b"x" * 500))["userErrors"]
        assert (error["code"], "500" in error["message"]) == ("TOO_MANY", True)


async def test_an_upload_keeps_its_transparency(product: Product) -> None:
    target = BytesIO()
    Image.new("RGBA", (16, 16), (255, 255, 255, 0)).save(target, "PNG")
    uploaded = await product.upload(target.getvalue())
    kept = await product.client.get(uploaded["sourceImage"]["url"])
    assert Image.open(BytesIO(kept.content)).mode == "RGBA"
