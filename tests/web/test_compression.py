"""Answers are compressed where a client accepts it, and only answers that gain by it."""

import gzip
from collections.abc import Callable

import brotli
import pytest
import zstandard

from tests.support.running_app import RunningApp
from tests.support.streams import EVENTS, PARTS, streamed

pytestmark = pytest.mark.anyio

MODELS = {"query": "{ models { id name description } }"}
CREATED = "subscription { imageCreated { id } }"


def _unzstd(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(data)


async def raw(
    app: RunningApp, accepts: str, method: str = "POST", path: str = "/graphql", **request: object
) -> tuple[dict[str, str], bytes]:
    """Return the headers and the body as they were sent."""
    headers = {"accept-encoding": accepts, "accept": "application/graphql-response+json"}
    stream = app.client.stream(method, path, headers=headers, **request)  # type: ignore[arg-type]  # a request's arguments
    async with stream as response:
        assert response.status_code == 200
        return dict(response.headers), b"".join([part async for part in response.aiter_raw()])


@pytest.mark.parametrize(
    ("accepts", "encoding", "decoded"),
    [
        ("zstd, gzip, br", "zstd", _unzstd),
        ("gzip, br", "br", brotli.decompress),
        ("gzip;q=0.5", "gzip", gzip.decompress),
    ],
)
async def test_an_answer_is_sent_as_its_client_accepts_it(
    app: RunningApp, accepts: str, encoding: str, decoded: Callable[[bytes], bytes]
) -> None:
    plain_headers, plain = await raw(app, "identity", json=MODELS)
    assert "content-encoding" not in plain_headers
    headers, body = await raw(app, accepts, json=MODELS)
    assert headers["content-encoding"] == encoding
    assert headers["content-type"].startswith("application/graphql-response+json")
    assert {part.strip() for part in headers["vary"].split(",")} == {"Accept", "Accept-Encoding"}
    assert len(body) == int(headers["content-length"]) < len(plain) / 2
    assert decoded(body) == plain


async def test_small_answers_and_images_are_not(app: RunningApp) -> None:
    headers, _ = await raw(app, "gzip", json={"query": "{ __typename }"})
    assert "content-encoding" not in headers
    image = await app.image()
    address = image["url"].removeprefix(app.settings.server_url)
    headers, picture = await raw(app, "zstd, gzip", "GET", address)
    assert "content-encoding" not in headers
    assert len(picture) == image["sizeBytes"]


async def test_rest_and_pages_are_too(app: RunningApp) -> None:
    for path in ("/api/models", "/api/openapi.json"):
        headers, body = await raw(app, "gzip", "GET", path)
        assert headers["content-encoding"] == "gzip"
        assert gzip.decompress(body).startswith((b"{", b"["))


@pytest.mark.parametrize("accept", [EVENTS, PARTS])
async def test_streams_are_not(app: RunningApp, accept: str) -> None:
    url, encodings = app.settings.server_url, {"accept-encoding": "zstd, br, gzip"}
    async with streamed(url, accept, CREATED, headers=encodings) as stream:
        while app.services.progress.watchers < 1:
            await app.answer("{ __typename }")
        image = await app.image()
        assert await stream.next() == {"imageCreated": {"id": image["id"]}}
