"""The client on connections that break: what is retried, and what is never charged twice."""

import random
from contextlib import aclosing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from gql_server.client import (
    AsyncClient,
    GqlServerError,
    NotFound,
    ServerUnreachable,
    Transport,
    Unavailable,
)
from gql_server.client.asynchronous.watching import _news
from gql_server.client.errors.requests import RateLimited
from gql_server.client.options import api_key_of, server_url
from gql_server.client.retries import MAX_WAIT, Attempt, Retries, TemporaryError
from gql_server.client.subjects import BatchSubject
from tests.client.conftest import files_in, key_of, opened
from tests.support.faulty_proxy import Answer, CutAnswer, Drop, LoseAnswer, running_proxy
from tests.support.process import free_port
from tests.support.running_app import FLUX, RunningApp

pytestmark = pytest.mark.anyio

UPDATE = """mutation ($id: ID!, $tags: [String!]) {
  updateImage(input: {id: $id, tags: $tags}) { image { tags } } }"""


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gql_server.client.retries.FIRST_WAIT", 0.02)


async def test_a_request_whose_response_is_lost_is_repeated_and_charged_once(
    kind: str, user: RunningApp
) -> None:
    lost: list[GqlServerError] = []
    async with running_proxy(user.settings.server_url) as proxy:
        options = {"api_key": key_of(user), "on_retry": lost.append}
        async with opened(kind, proxy.url, **options) as client:
            proxy.spoil(LoseAnswer(), Drop(), Answer(503, "SlowDown"))
            image = await client.generate("A red fox", model=FLUX)
            assert len(lost) == 3
            proxy.spoil(LoseAnswer())
            batch = await client.create_batch(["A red fox"], model=FLUX)
            proxy.spoil(LoseAnswer())
            await client.upload(await client.read_bytes(image))
    async with opened(kind, user.settings.server_url, api_key=key_of(user)) as client:
        assert [one.id async for one in client.images()] == [image.id]
        assert [one.id async for one in client.batches()] == [batch.id]
        assert len([one async for one in client.source_images()]) == 1
        assert (await client.costs()).total_images == 1


async def test_a_mutation_that_is_not_safe_to_repeat_is_not_repeated(
    kind: str, user: RunningApp
) -> None:
    async with (
        running_proxy(user.settings.server_url) as proxy,
        opened(kind, proxy.url, api_key=key_of(user)) as client,
    ):
        image = await client.generate("A red fox", model=FLUX)
        proxy.spoil(LoseAnswer())
        with pytest.raises(ServerUnreachable) as lost:
            await client.execute(UPDATE, {"id": image.id, "tags": ["fox"]})
        assert lost.value.may_have_run
        assert (await client.image(image.id)).tags == ("fox",)
        proxy.spoil(LoseAnswer())
        await client.execute(UPDATE, {"id": image.id, "tags": []}, is_safe=True)
        proxy.spoil(LoseAnswer())
        await client.execute("{ viewer { userId } }")


async def test_a_download_that_is_cut_off_starts_over_and_leaves_no_part(
    kind: str, user: RunningApp, tmp_path: Path
) -> None:
    server_url, proxied = user.settings.server_url, tmp_path / "fox.jpg"
    async with running_proxy(server_url) as proxy:
        async with opened(kind, proxy.url, api_key=key_of(user)) as client:
            image = await client.generate("A red fox", model=FLUX)
            content = await client.read_bytes(image)
            through = image.model_copy(update={"url": image.url.replace(server_url, proxy.url)})
            proxy.spoil(CutAnswer())
            assert await client.download(through, proxied) == proxied
            assert proxied.read_bytes() == content
            sent = proxy.headers[-2]
            assert "authorization" not in {name.lower() for name in sent}, sent
        proxied.write_bytes(b"before")
        async with opened(kind, proxy.url, api_key=key_of(user), retry_seconds=0) as client:
            proxy.spoil(CutAnswer())
            with pytest.raises(ServerUnreachable):
                await client.download(through, proxied)
            assert proxied.read_bytes() == b"before"
            proxy.spoil(Answer(404, "NoSuchKey"))  # as of an address that has expired
            await client.download(through, proxied)
            assert proxied.read_bytes() == content
            proxied.unlink()
            await client.delete_image(image)
            with pytest.raises(NotFound, match="404"):
                await client.download(image, tmp_path)
    assert files_in(tmp_path) == []


async def test_a_server_that_was_never_there_is_given_up_at_once(kind: str) -> None:
    lost: list[GqlServerError] = []
    url = f"http://127.0.0.1:{free_port()}"
    async with opened(kind, url, on_retry=lost.append) as client:
        with pytest.raises(ServerUnreachable):
            await client.models()
        with pytest.raises(ServerUnreachable):
            await anext(client.watch_batch("bat_any"))
    assert lost == []


async def test_a_poll_without_news_starts_retries_over(
    user: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 0.0
    monkeypatch.setattr("gql_server.client.retries.time.monotonic", lambda: now)
    away = TemporaryError(ServerUnreachable("away"), Attempt.LOST)
    async with AsyncClient(user.settings.server_url, api_key=key_of(user)) as client:
        batch = await client.create_batch(["A red fox"], model=FLUX)
        await client.cancel_batch(batch)
        retries = client._connection.retries()
        retries.next_wait(away)
        subject = BatchSubject(batch.id, 0)
        async with aclosing(_news(client._connection, Transport.POLLING, subject, retries)) as news:
            now += 3600
            assert (await anext(news)).batch.is_finished
        retries.next_wait(away)


def test_waits_grow_are_spread_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("gql_server.client.retries.time.monotonic", lambda: now)
    monkeypatch.setattr("gql_server.client.retries.random", random.Random(7))
    retries, waits = Retries(60.0, None), list[float]()
    unavailable = TemporaryError(Unavailable("away", code="UNAVAILABLE"), Attempt.LOST)
    with suppress(Unavailable):
        while True:
            waits.append(retries.next_wait(unavailable))
            now += waits[-1]
    assert unavailable.error.may_have_run
    assert sum(waits) <= 60
    assert max(waits) <= MAX_WAIT
    assert len(set(waits)) == len(waits) > 10
    limited = TemporaryError(RateLimited("wait", retry_after=30.0), Attempt.NOT_RUN)
    retries = Retries(60.0, None)
    assert retries.next_wait(limited) >= 30
    now += 31
    with pytest.raises(RateLimited) as refused:
        retries.next_wait(limited)
    assert not refused.value.may_have_run


def test_the_address_and_the_key_come_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secret = tmp_path / "key"
    secret.write_text("gqls_secret\n")
    monkeypatch.setenv("GQL_SERVER_URL", "https://images.example.com/")
    monkeypatch.setenv("GQL_SERVER_KEY_FILE", str(secret))
    assert server_url(None) == "https://images.example.com"
    assert urlsplit(server_url("http://other/api/")).path == "/api"
    assert api_key_of(None) == "gqls_secret"
    assert api_key_of("") is None
    monkeypatch.setenv("GQL_SERVER_KEY", "another")
    with pytest.raises(ValueError, match="not both"):
        api_key_of(None)
    with pytest.raises(ValueError, match="characters"):
        api_key_of("line\nbreak")
    for url in ("images.example.com", "https://ann:secret@images.example.com", "ftp://a"):
        with pytest.raises(ValueError, match="url: give") as refused:
            server_url(url)
        assert "secret" not in str(refused.value)
