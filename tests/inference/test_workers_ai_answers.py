import gzip
import tracemalloc
from base64 import b64encode
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gql_server.domain.errors import DomainError, GenerationFailed
from gql_server.inference.workers_ai.answers import MAX_ANSWER_BYTES, Answer, read_picture
from gql_server.inference.workers_ai.errors import AttemptFailed
from gql_server.pictures.formats import ImageFormat
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import (
    Behaviour,
    Reply,
    broken_json,
    cut_off,
    dropped,
    empty,
    endless,
    html_page,
    invalid_base64,
    jpeg_declared_as_png,
    json_without_image,
    replies,
    reset,
    success,
    truncated_picture,
)
from tests.support.workers_ai_client import (
    FLUX,
    LIGHTNING,
    PHOENIX,
    SDXL,
    jpeg,
    png,
    request_for,
    workers_ai_client,
)

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("model_id", "image_format"),
    [
        (FLUX, ImageFormat.JPEG),
        (PHOENIX, ImageFormat.JPEG),
        (SDXL, ImageFormat.PNG),
        (LIGHTNING, ImageFormat.JPEG),
    ],
)
async def test_json_and_binary_answers_give_the_image_and_its_format(
    fake_workers_ai: FakeWorkersAI, model_id: str, image_format: ImageFormat
) -> None:
    async with workers_ai_client(fake_workers_ai) as client:
        picture = await client.generate(request_for(model_id))
    assert picture.info.format is image_format
    assert (picture.info.width, picture.info.height) == (1024, 1024)
    assert model_id.encode() in picture.data


async def test_a_jpeg_declared_as_png_is_a_jpeg(fake_workers_ai: FakeWorkersAI) -> None:
    fake_workers_ai.next(jpeg_declared_as_png)
    async with workers_ai_client(fake_workers_ai) as client:
        picture = await client.generate(request_for(SDXL))
    assert picture.info.format is ImageFormat.JPEG
    assert len(fake_workers_ai.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=png(), content_type="text/html"),
        Reply(body=success({"image": b64encode(png()).decode()}).body, content_type="image/png"),
        success({"image": f"data:image/png;base64,{b64encode(png()).decode()}"}),
        Reply(
            body=gzip.compress(png()),
            content_type="image/png",
            headers={"Content-Encoding": "gzip"},
        ),
    ],
    ids=["picture-as-html", "json-as-picture", "data-url", "compressed-unasked"],
)
async def test_an_image_is_found_whatever_it_is_wrapped_in(
    fake_workers_ai: FakeWorkersAI, reply: Reply
) -> None:
    fake_workers_ai.next(replies(reply))
    async with workers_ai_client(fake_workers_ai, max_attempts=1) as client:
        picture = await client.generate(request_for(FLUX))
    assert picture.data == png()


@pytest.mark.parametrize(
    "behaviour",
    [
        html_page(),
        empty(),
        broken_json(),
        json_without_image(),
        invalid_base64(),
        truncated_picture,
        cut_off,
        dropped,
        reset,
        endless,
        replies(success(None)),
        replies(success("a text")),
        replies(success({"image": 7})),
        replies(Reply(body=b"[]")),
        replies(Reply(body=b"not gzip", headers={"Content-Encoding": "gzip"})),
    ],
)
async def test_a_success_without_a_whole_image_is_tried_again_and_then_a_failure(
    fake_workers_ai: FakeWorkersAI, behaviour: Behaviour
) -> None:
    fake_workers_ai.next(behaviour)
    async with workers_ai_client(fake_workers_ai) as client:
        await client.generate(request_for(FLUX))
        assert len(fake_workers_ai.requests) == 2

        fake_workers_ai.always = behaviour
        with pytest.raises(GenerationFailed) as caught:
            await client.generate(request_for(FLUX))
    assert caught.value.retryable
    assert len(fake_workers_ai.requests) == 2 + 4


async def test_an_answer_without_an_end_is_left_without_filling_memory(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    fake_workers_ai.always = endless
    async with workers_ai_client(fake_workers_ai, max_attempts=1) as client:
        tracemalloc.start()
        try:
            with pytest.raises(GenerationFailed):
                await client.generate(request_for(SDXL))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 3 * MAX_ANSWER_BYTES


async def test_an_error_without_an_end_is_read_only_at_its_beginning(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    async def endless_error(exchange: Any) -> None:
        reply = Reply(body=b"", status=502, content_type="text/html")
        await exchange.start(reply, length=None)
        while True:
            await exchange.part(b"<p>Bad gateway</p>" * 4096)

    fake_workers_ai.always = endless_error
    async with workers_ai_client(fake_workers_ai, max_attempts=2) as client:
        with pytest.raises(GenerationFailed):
            await client.generate(request_for(SDXL))
    assert len(fake_workers_ai.requests) == 2


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["result", "image", "success", "errors", "error", "code", "message"])
            | st.text(max_size=3),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
ANY_BODY = (
    st.binary(max_size=300)
    | ANY_JSON.map(orjson.dumps)
    | st.binary(max_size=100).map(lambda tail: png()[:60] + tail)
    | st.binary(max_size=100).map(lambda tail: jpeg()[:200] + tail)
    | st.binary(max_size=60).map(
        lambda data: orjson.dumps({"result": {"image": b64encode(data).decode()}})
    )
)
ANY_STATUS = st.integers(200, 599).filter(lambda status: status not in {204, 205, 304})
ANY_HEADERS = st.dictionaries(
    st.sampled_from(["Retry-After", "Date"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40).map(str.strip)
    | st.sampled_from(["Wed, 21 Oct 2015 07:28:00 GMT", "-1", "99999999999999999999"]),
)


@given(status=ANY_STATUS, headers=ANY_HEADERS, body=ANY_BODY)
def test_any_answer_that_is_no_image_is_a_failed_attempt_and_nothing_else(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    with pytest.raises(AttemptFailed):
        read_picture(Answer(status=status, headers=headers, body=body), sent=["a fox"], redact=str)


@settings(max_examples=25, deadline=None)
@given(status=ANY_STATUS, headers=ANY_HEADERS, body=ANY_BODY)
async def test_only_domain_errors_come_out_of_any_answer(
    session_workers_ai: FakeWorkersAI, status: int, headers: dict[str, str], body: bytes
) -> None:
    session_workers_ai.reset()
    reply = replace(Reply(body=body, status=status), headers=headers)
    session_workers_ai.always = replies(reply)
    async with workers_ai_client(session_workers_ai, max_attempts=2) as client:
        with pytest.raises(DomainError):
            await client.generate(request_for(FLUX))
