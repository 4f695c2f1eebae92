"""A model that keeps transparency receives it."""

from base64 import b64decode
from io import BytesIO

import orjson
import pytest
from PIL import Image

from tests.support.running_app import RunningApp
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio


async def test_a_model_that_keeps_transparency_receives_it(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    target = BytesIO()
    Image.new("RGBA", (64, 64), (255, 0, 0, 0)).save(target, "PNG")
    upload = (await app.upload(target.getvalue()))["sourceImage"]["id"]
    await app.image(model="bria/remove-background", prompt="", sourceImageIds=[upload])
    sent = orjson.loads(fake_workers_ai.requests[-1].body)["input"]["image"]
    with Image.open(BytesIO(b64decode(sent))) as image:
        assert image.mode == "RGBA"
        assert image.getpixel((9, 9)) == (255, 0, 0, 0)
