"""The official OpenAI package for Python: everything that /v1 has, and its errors."""

import asyncio
import base64
import io
import sys
from collections.abc import Callable
from typing import Any

from openai import (
    APIStatusError,
    AsyncOpenAI,
    AuthenticationError,
    BadRequestError,
    InternalServerError,
    NotFoundError,
    OpenAI,
)


def main(url: str, key: str) -> None:
    client = OpenAI(base_url=f"{url}/v1", api_key=key)
    names = [model.id for model in client.models.list()]
    assert "gpt-image-1" in names
    flux = client.models.retrieve("@cf/black-forest-labs/flux-1-schnell")
    assert (flux.id, flux.object) == ("@cf/black-forest-labs/flux-1-schnell", "model")
    given = {"model": "gpt-image-1", "prompt": "A red fox", "size": "256x256"}
    made = client.images.generate(**given, n=2, quality="high", output_format="png", user="u-1")
    assert made.size == "256x256"
    assert made.usage is not None
    assert made.usage.total_tokens == 0
    assert made._request_id
    files = [base64.b64decode(one.b64_json or "") for one in made.data or []]
    assert all(file.startswith(b"\x89PNG") for file in files)
    edits(client, files)
    streams(client, files[0], given)
    keys(client, given)
    errors(client, url, given)
    asyncio.run(asynchronous(url, key, given))


def edits(client: OpenAI, files: list[bytes]) -> None:
    pictures = [(f"{number}.png", file) for number, file in enumerate(files)]
    several = client.images.edit(
        model="gpt-image-1", prompt="A blue fox", image=pictures, size="256x256"
    )
    assert len(several.data or []) == 1
    single = client.images.edit(
        model="gpt-image-1", prompt="A blue fox", image=io.BytesIO(files[0]), size="256x256"
    )
    assert single.output_format == "png"
    varied = client.images.create_variation(
        model="dall-e-2", image=pictures[0], response_format="url", n=2, size="256x256"
    )
    assert all((one.url or "").startswith("http") for one in varied.data or [])


def streams(client: OpenAI, file: bytes, given: dict[str, str]) -> None:
    with client.images.generate(**given, stream=True, partial_images=2) as events:
        found = [(event.type, len(event.b64_json) > 100) for event in events]
    assert found == [("image_generation.completed", True)]
    edited = client.images.edit(**given, image=("a.png", file), stream=True)
    assert [event.type for event in edited] == ["image_edit.completed"]


def keys(client: OpenAI, given: dict[str, str]) -> None:
    ids = set()
    for _ in range(2):
        made = client.images.generate(
            **given, extra_body={"seed": 5}, extra_headers={"Idempotency-Key": "python"}
        )
        ids |= {one.id for one in made.data or []}
    assert len(ids) == 1


def errors(client: OpenAI, url: str, given: dict[str, str]) -> None:
    for changes, kind, code in (
        ({"model": "nope"}, NotFoundError, "model_not_found"),
        ({"prompt": "[preview:refuse]"}, BadRequestError, "moderation_blocked"),
        ({"n": 11}, BadRequestError, "invalid_value"),
        ({"extra_body": {"colour": "red"}}, BadRequestError, "unknown_parameter"),
        ({"prompt": "[preview:fail]"}, InternalServerError, "image_generation_failed"),
    ):
        error = refused(lambda options: client.images.generate(**options), {**given, **changes})
        assert isinstance(error, kind), error
        assert error.code == code, error.code
    stranger = OpenAI(base_url=f"{url}/v1", api_key="gqls_none")
    error = refused(lambda _: stranger.models.list(), {})
    assert isinstance(error, AuthenticationError)
    assert error.code == "invalid_api_key"


def refused(call: Callable[[dict[str, Any]], object], given: dict[str, Any]) -> APIStatusError:
    """Return the error of a call, which must have one."""
    try:
        call(given)
    except APIStatusError as error:
        return error
    raise AssertionError(given)


async def asynchronous(url: str, key: str, given: dict[str, str]) -> None:
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key=key) as client:
        events = await client.images.generate(**given, stream=True)
        assert [event.type async for event in events] == ["image_generation.completed"]


main(*sys.argv[1:])
