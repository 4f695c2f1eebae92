"""What other providers and their billing refuse, and what comes of it."""

import pytest

from gql_server.domain.errors import GenerationFailed, ImageFlagged, PromptRefused
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import (
    Behaviour,
    broken_json,
    cut_off,
    error,
    image_flagged,
    invalid_base64,
    json_without_image,
    replies,
    reset,
    server_error_page,
    slow,
    success,
)
from tests.support.workers_ai_client import png, request_for, workers_ai_client

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("code", "status"), [(2021, 402), (2021, 200), (None, 402)])
async def test_an_account_without_credits_is_the_operators_to_fill(
    fake_workers_ai: FakeWorkersAI, code: int | None, status: int
) -> None:
    fake_workers_ai.always = error(code, status, "Insufficient balance")
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(GenerationFailed) as caught:
            await client.generate(request_for("alibaba/wan-2.6-image"))
    assert len(fake_workers_ai.requests) == 1
    assert "no credits left" in caught.value.message
    assert (caught.value.needs_operator, caught.value.retryable) == (True, False)


async def test_a_model_that_an_account_may_not_use_names_another(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    fake_workers_ai.always = error(5018, 403, "This account is not allowed to access this model")
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(GenerationFailed) as caught:
            await client.generate(
                request_for("@cf/runwayml/stable-diffusion-v1-5-img2img", source_images=(png(),))
            )
    assert "@cf/black-forest-labs/flux-2-klein-4b" in caught.value.message
    assert not caught.value.needs_operator


@pytest.mark.parametrize(
    ("code", "status", "words", "calls"),
    [
        (None, 503, "the provider refused Cloudflare's own key", 4),
        (2009, 401, "the provider refused your key", 1),
        (7003, 404, "Model not found", 1),
        (5006, 400, "User Input Error", 1),
    ],
)
async def test_refusals_of_other_providers_are_tried_again_where_that_helps(
    fake_workers_ai: FakeWorkersAI, code: int | None, status: int, words: str, calls: int
) -> None:
    fake_workers_ai.always = error(code, status, words)
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(GenerationFailed):
            await client.generate(request_for("alibaba/wan-2.6-image"))
    assert len(fake_workers_ai.requests) == calls


@pytest.mark.parametrize(
    "said", ["Request Moderated", "IMAGE_SAFETY", "The input contains sensitive content"]
)
async def test_what_a_provider_moderates_is_no_failure_of_the_service(
    fake_workers_ai: FakeWorkersAI, said: str
) -> None:
    failed = {"state": "Failed", "error": {"code": "moderation_error", "message": said}}
    fake_workers_ai.always = replies(success(failed))
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises((PromptRefused, ImageFlagged)):
            await client.generate(request_for("alibaba/wan-2.6-image"))


async def test_a_provider_that_is_away_is_called_again(fake_workers_ai: FakeWorkersAI) -> None:
    failed = {"state": "Failed", "error": {"code": "provider_unavailable", "message": "down"}}
    fake_workers_ai.next(replies(success(failed)))
    async with workers_ai_client(fake_workers_ai) as client:
        await client.generate(request_for("alibaba/wan-2.6-image"))
    assert len(fake_workers_ai.requests) == 2


@pytest.mark.parametrize(
    "lost",
    [
        reset,
        cut_off,
        broken_json(),
        invalid_base64(),
        json_without_image(),
        server_error_page(504),
        slow(300),
    ],
    ids=["reset", "cut-off", "broken-json", "broken-base64", "no-image", "504", "timeout"],
)
async def test_a_call_whose_answer_is_lost_is_not_repeated_because_it_may_be_billed(
    fake_workers_ai: FakeWorkersAI, lost: Behaviour
) -> None:
    fake_workers_ai.always = lost
    async with workers_ai_client(fake_workers_ai, timeout_seconds=1) as client:
        with pytest.raises(GenerationFailed):
            await client.generate(request_for("alibaba/wan-2.6-image"))
    assert len(fake_workers_ai.requests) == 1


async def test_a_flagged_image_of_a_model_without_seeds_is_not_requested_again(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    fake_workers_ai.always = image_flagged()
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(ImageFlagged):
            await client.generate(request_for("alibaba/wan-2.6-image"))
    assert len(fake_workers_ai.requests) == 1
