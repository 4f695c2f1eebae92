"""The official SDK talks to the stand-in, so that it is no friend of our client only."""

from base64 import b64decode
from collections.abc import AsyncIterator

import httpx
import pytest
from cloudflare import (
    AsyncCloudflare,
    AuthenticationError,
    BadRequestError,
    PermissionDeniedError,
    RateLimitError,
)

from gql_server.pictures.formats import ImageFormat
from gql_server.pictures.inspection import inspect_picture
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import out_of_capacity
from tests.support.workers_ai_client import FLUX, FLUX_2, PHOENIX, SDXL, catalogue, png

pytestmark = pytest.mark.anyio


@pytest.fixture
async def cloudflare(fake_workers_ai: FakeWorkersAI) -> AsyncIterator[AsyncCloudflare]:
    async with AsyncCloudflare(
        base_url=fake_workers_ai.base_url, api_token=fake_workers_ai.token, max_retries=0
    ) as client:
        yield client


async def test_a_model_that_answers_in_json(
    cloudflare: AsyncCloudflare, fake_workers_ai: FakeWorkersAI
) -> None:
    result = await cloudflare.ai.run(
        FLUX, account_id=fake_workers_ai.account_id, prompt="a fox", seed=3, extra_body={"steps": 4}
    )
    assert isinstance(result, dict)
    assert inspect_picture(b64decode(result["image"])).width == 1024
    assert fake_workers_ai.requests[0].parameters == {"steps": 4, "seed": 3}


@pytest.mark.parametrize(
    ("model_id", "image_format"), [(PHOENIX, ImageFormat.JPEG), (SDXL, ImageFormat.PNG)]
)
async def test_a_model_that_answers_in_bytes(
    cloudflare: AsyncCloudflare,
    fake_workers_ai: FakeWorkersAI,
    model_id: str,
    image_format: ImageFormat,
) -> None:
    response = await cloudflare.ai.with_raw_response.run(
        model_id,
        account_id=fake_workers_ai.account_id,
        prompt="a fox",
        negative_prompt="a dog",
        num_steps=5,
        width=512,
        height=256,
    )
    info = inspect_picture(await response.read())
    assert (info.format, info.width, info.height) == (image_format, 512, 256)
    assert response.headers["content-type"] == image_format.content_type


async def test_a_model_that_requires_a_form(
    cloudflare: AsyncCloudflare, fake_workers_ai: FakeWorkersAI
) -> None:
    response = await cloudflare.post(
        f"/accounts/{fake_workers_ai.account_id}/ai/run/{FLUX_2}",
        cast_to=httpx.Response,
        body={"prompt": "a fox", "width": "512", "height": "256"},
        files=[("input_image_0", ("a.png", png(), "image/png"))],
        options={"headers": {"Content-Type": "multipart/form-data"}},
    )
    info = inspect_picture(b64decode(response.json()["result"]["image"]))
    assert (info.width, info.height) == (512, 256)
    assert fake_workers_ai.requests[0].parameters["input_image_0"] == png()


async def test_a_refused_parameter(
    cloudflare: AsyncCloudflare, fake_workers_ai: FakeWorkersAI
) -> None:
    with pytest.raises(BadRequestError) as caught:
        await cloudflare.ai.run(
            FLUX, account_id=fake_workers_ai.account_id, prompt="a fox", extra_body={"steps": 9}
        )
    assert [error.code for error in caught.value.errors] == [5004]


async def test_a_wrong_token(fake_workers_ai: FakeWorkersAI) -> None:
    async with AsyncCloudflare(
        base_url=fake_workers_ai.base_url, api_token="another", max_retries=0
    ) as client:
        with pytest.raises((PermissionDeniedError, AuthenticationError)) as caught:
            await client.ai.run(FLUX, account_id=fake_workers_ai.account_id, prompt="a fox")
    assert [error.code for error in caught.value.errors] == [10000]


async def test_no_capacity(cloudflare: AsyncCloudflare, fake_workers_ai: FakeWorkersAI) -> None:
    fake_workers_ai.next(out_of_capacity())
    with pytest.raises(RateLimitError) as caught:
        await cloudflare.ai.run(FLUX, account_id=fake_workers_ai.account_id, prompt="a fox")
    assert [error.code for error in caught.value.errors] == [3040]


async def test_the_live_catalogue_lists_the_models_of_ours(
    cloudflare: AsyncCloudflare, fake_workers_ai: FakeWorkersAI
) -> None:
    listed = [
        entry
        async for entry in cloudflare.ai.models.list(
            account_id=fake_workers_ai.account_id, task="Text-to-Image", per_page=4
        )
    ]
    assert all(isinstance(entry, dict) for entry in listed)
    assert {entry["name"] for entry in listed if isinstance(entry, dict)} == {
        model.id for model in catalogue().models if model.id.startswith("@cf/")
    }
