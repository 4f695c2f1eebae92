"""Requests of a doubtful form, sent byte by byte; and what answers say to caches and browsers."""

import asyncio

import pytest

from tests.support.running_app import RunningApp
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

BODY = b'{"query":"{ __typename }"}'


async def answer(app: RunningApp, head: str, body: bytes = b"") -> tuple[int, str]:
    """Send a request as it stands; return the status and the whole answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", app.settings.port)
    try:
        writer.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        async with asyncio.timeout(WAIT_SECONDS):
            text = (await reader.read()).decode()
    finally:
        writer.close()
    return int(text.split(" ")[1]), text


POST = (
    "POST %s HTTP/1.1\nHost: localhost\nConnection: close\nContent-Type: application/json\n"
    f"Content-Length: {len(BODY)}"
)


@pytest.mark.parametrize(
    ("head", "status", "words"),
    [
        (POST % "/graphql" + "\nHost: evil.example", 400, "several Host headers"),
        (POST % "/api/generate" + "\nHost: evil.example", 400, "several Host headers"),
        (POST % "/graphql" + "\nContent-Encoding: gzip", 415, "Compressed"),
        (POST % "/api/generate" + "\nContent-Encoding: br", 415, "Compressed"),
        (POST % "/graphql" + "\nContent-Encoding: identity", 200, "__typename"),
        (POST % "/graphql" + "\nContent-Length: 3", 400, "Invalid HTTP request"),
        (POST % "/graphql" + "\nTransfer-Encoding: chunked", 400, "Invalid HTTP request"),
        (POST % "/graphql/", 200, '"data"'),
    ],
)  # fmt: skip
async def test_a_request_is_read_in_one_way_or_refused(
    app: RunningApp, head: str, status: int, words: str
) -> None:
    found, text = await answer(app, head, BODY)
    assert (found, words in text) == (status, True), text


@pytest.mark.parametrize("path", ["/graphql/", "/api/generate/", "/health/", "/images/"])
async def test_nothing_is_redirected_to_the_host_that_was_requested(
    app: RunningApp, path: str
) -> None:
    head = f"GET {path} HTTP/1.1\nHost: localhost\nConnection: close\nAccept: application/json"
    status, text = await answer(app, head)
    assert not 300 <= status < 400
    assert "location:" not in text.lower()


async def test_answers_are_no_one_elses(app: RunningApp) -> None:
    image = await app.image()
    for response in (
        await app.client.post("/graphql", json={"query": "{ __typename }"}),
        await app.client.post("/graphql", json={"query": "{"}),
        await app.client.get("/api/models"),
        await app.client.get(f"/api/images/{image['id']}"),
    ):
        assert response.headers["cache-control"] == "private, no-store"
        assert response.headers["cross-origin-resource-policy"] == "same-origin"
    picture = await app.client.get(image["url"])
    assert picture.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert picture.headers["cross-origin-resource-policy"] == "cross-origin"


async def test_a_client_may_request_so_many_new_renditions(
    app: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gql_server.web.renditions.BURST", 3)
    monkeypatch.setattr("gql_server.web.renditions.SECONDS_EACH", 1000.0)
    url = (await app.image())["url"]
    answers = [await app.client.get(url, params={"width": width}) for width in range(10, 15)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
    assert int(answers[3].headers["retry-after"]) > 900
    assert (await app.client.get(url, params={"width": 10})).status_code == 200
    assert (await app.client.get(url)).status_code == 200
