"""Images that a provider answers with an address: fetched, bounded, and never paid twice."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gql_server.inference.generator import GenerationRequest, NotFetched, RemoteImage
from gql_server.inference.workers_ai import answers
from gql_server.outbound.addresses import AddressRefused, PublicAddresses
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import Reply
from tests.support.workers_ai_client import request_for, workers_ai_client

pytestmark = pytest.mark.anyio

WAN = "alibaba/wan-2.6-image"
VECTOR = "recraft/recraftv4-vector"


def remembering(model: str = WAN) -> tuple[GenerationRequest, list[RemoteImage]]:
    found: list[RemoteImage] = []

    async def remember(image: RemoteImage) -> None:
        found.append(image)

    return replace(request_for(model), remember=remember), found


async def test_an_address_is_remembered_before_it_is_fetched(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    request, remembered = remembering()
    async with workers_ai_client(fake_workers_ai) as client:
        picture = await client.generate(request)
    assert (picture.info.width, picture.info.height) == (1024, 1024)
    (image,) = remembered
    assert image.url.startswith(f"{fake_workers_ai.origin}/files/")
    assert fake_workers_ai.file_requests == 1


@pytest.mark.parametrize("kind", ["data_uri", "base64"])
async def test_an_image_in_the_answer_needs_no_fetching(
    fake_workers_ai: FakeWorkersAI, kind: str
) -> None:
    fake_workers_ai.answer_as = kind  # type: ignore[assignment] # the parameter is one of them
    request, remembered = remembering()
    async with workers_ai_client(fake_workers_ai) as client:
        picture = await client.generate(request)
    assert picture.info.width == 1024
    assert (remembered, fake_workers_ai.file_requests) == ([], 0)


async def test_a_fetch_that_fails_is_tried_again_and_the_model_is_called_once(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    fake_workers_ai.file_replies.extend([Reply(body=b"", status=503), Reply(body=b"", status=500)])
    async with workers_ai_client(fake_workers_ai) as client:
        await client.generate(request_for(WAN))
    assert fake_workers_ai.file_requests == 3
    assert len(fake_workers_ai.requests) == 1


async def test_an_image_that_was_not_fetched_is_fetched_later(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    fake_workers_ai.file_replies.extend([Reply(body=b"", status=503)] * 4)
    request, remembered = remembering()
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(NotFetched) as caught:
            await client.generate(request)
        assert not caught.value.is_gone
        picture = await client.fetch(remembered[0])
    assert picture.info.width == 1024
    assert len(fake_workers_ai.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=b"gone", status=410),
        Reply(body=b"<html></html>", content_type="text/html"),
    ],
)
async def test_what_is_gone_is_not_requested_again(
    fake_workers_ai: FakeWorkersAI, reply: Reply
) -> None:
    fake_workers_ai.file_replies.append(reply)
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(NotFetched) as caught:
            await client.generate(request_for(WAN))
    assert caught.value.is_gone
    assert fake_workers_ai.file_requests == 1


@pytest.mark.parametrize("status", [403, 404])
async def test_an_image_that_is_not_there_yet_is_requested_again(
    fake_workers_ai: FakeWorkersAI, status: int
) -> None:
    fake_workers_ai.file_replies.append(Reply(body=b"", status=status))
    async with workers_ai_client(fake_workers_ai) as client:
        await client.generate(request_for(WAN))
    assert fake_workers_ai.file_requests == 2


@pytest.mark.parametrize("status", [403, 404])
async def test_an_image_that_does_not_appear_is_gone(
    fake_workers_ai: FakeWorkersAI, status: int
) -> None:
    fake_workers_ai.file_replies.extend([Reply(body=b"", status=status)] * 4)
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(NotFetched) as caught:
            await client.generate(request_for(WAN))
    assert caught.value.is_gone
    assert fake_workers_ai.file_requests == 4


async def test_compressed_bytes_are_not_taken_for_an_image_that_is_lost(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    packed = Reply(body=b"packed", headers={"Content-Encoding": "gzip"})
    fake_workers_ai.file_replies.extend([packed] * 4)
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(NotFetched, match="compressed") as caught:
            await client.generate(request_for(WAN))
    assert not caught.value.is_gone


@pytest.mark.parametrize("ending", ["\0", "\ud800", "x" * 4096])
async def test_an_address_that_cannot_be_stored_is_not_remembered(
    fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch, ending: str
) -> None:
    monkeypatch.setattr(
        "gql_server.inference.workers_ai.client.read_picture",
        lambda *_args, **_named: answers.AnsweredAddress(url=f"https://a.example/{ending}"),
    )
    request, remembered = remembering()
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(NotFetched) as caught:
            await client.generate(request)
    assert caught.value.is_gone
    assert (remembered, fake_workers_ai.file_requests) == ([], 0)


async def test_an_image_has_a_bound(
    fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gql_server.inference.workers_ai.image_fetcher.MAX_ANSWER_BYTES", 1000)
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(NotFetched, match="more than 1000 bytes"):
            await client.generate(request_for(WAN))


async def test_only_public_hosts_are_called(fake_workers_ai: FakeWorkersAI) -> None:
    async with workers_ai_client(fake_workers_ai, allow_private=False) as client:
        with pytest.raises(NotFetched, match="not public"):
            await client.generate(request_for(WAN))
    assert fake_workers_ai.file_requests == 0


async def test_a_name_that_leads_into_our_network_is_refused_when_it_is_dialled() -> None:
    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return ["93.184.215.14", "10.0.0.7"]

    addresses = PublicAddresses(allow_private=False, resolve=resolve)
    with pytest.raises(AddressRefused):
        await addresses.dial("https://images.example.com/a.png")


async def test_redirects_are_not_followed(fake_workers_ai: FakeWorkersAI) -> None:
    moved = Reply(body=b"", status=302, headers={"Location": "http://169.254.169.254/"})
    fake_workers_ai.file_replies.extend([moved] * 4)
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(NotFetched, match="302"):
            await client.generate(request_for(WAN))


async def test_a_vector_image_is_kept_as_it_came(fake_workers_ai: FakeWorkersAI) -> None:
    async with workers_ai_client(fake_workers_ai) as client:
        picture = await client.generate(request_for(VECTOR))
    assert picture.info.format.content_type == "image/svg+xml"
    assert picture.data.startswith(b"<svg")
    assert picture.info.placeholder


def test_the_bound_of_an_answer_is_below_what_a_process_can_hold() -> None:
    assert answers.MAX_ANSWER_BYTES <= 64 * 1024 * 1024
