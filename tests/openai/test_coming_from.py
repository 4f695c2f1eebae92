"""What the page for those who come from AUTOMATIC1111 or Replicate shows, sent to a server."""

from base64 import b64decode
from io import BytesIO
from pathlib import Path

import orjson
import pytest
from PIL import Image

from tests.support.running_app import RunningApp, running_app
from tests.test_docs import ROOT, blocks

pytestmark = pytest.mark.anyio

PAGE = ROOT / "docs" / "clients" / "coming-from.md"


async def test_its_operations_run(tmp_path: Path) -> None:
    text_to_image, prediction, state = blocks(PAGE, "graphql")
    prediction = prediction.replace("https://your-app.com", "http://127.0.0.1:9")
    async with running_app(tmp_path, {"webhook_allow_private": True}) as app:
        made = (await app.ask(text_to_image))["generateImage"]
        assert made["userErrors"] == []
        assert made["image"]["parameters"] == {"seed": 42}
        started = (await app.ask(prediction))["generateImage"]
        assert started["userErrors"] == []
        found = (await app.ask(state, id=started["generation"]["id"]))["generation"]
    assert found == {"status": "QUEUED", "image": None, "error": None}


async def test_its_request_of_openais_api_returns_an_image(user: RunningApp) -> None:
    (body,) = blocks(PAGE, "json")
    response = await user.client.post("/v1/images/generations", json=orjson.loads(body))
    assert response.status_code == 200, response.text
    (image,) = response.json()["data"]
    with Image.open(BytesIO(b64decode(image["b64_json"]))) as opened:
        assert opened.size == (768, 512)
