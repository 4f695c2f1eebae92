import traceback
from datetime import UTC, datetime

import pytest
from structlog.testing import capture_logs

from gql_server.domain.errors import DailyAllocationUsed, GenerationFailed, PromptRefused
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import Reply, error, html_page, replies
from tests.support.workers_ai_client import FLUX, request_for, workers_ai_client

pytestmark = pytest.mark.anyio

CALLER = [
    (5007, 400),
    (3042, 404),
    (5004, 400),
    (3003, 400),
    (3006, 413),
]
OPERATOR = [
    (5016, 403),
    (5018, 403),
    (3041, 403),
    (5035, 403),
    (3023, 403),
    (5005, 405),
    (5019, 405),
    (10000, 401),
    (10000, 403),
    (None, 401),
    (None, 403),
    (2001, 400),
    (2009, 401),
    (None, 301),
    (None, 404),
]
SERVICE = [
    (3007, 408),
    (3008, 408),
    (3040, 429),
    (None, 408),
    (None, 429),
    (971, 429),
    (None, 500),
    (None, 502),
    (None, 503),
    (None, 504),
    (None, 524),
    (1234, 500),
    (1234, 200),
    (3040, 200),
    (7013, 503),
    (3030, 500),
]


@pytest.mark.parametrize(("code", "status"), CALLER)
async def test_an_error_of_the_request_is_reported_once_and_not_tried_again(
    fake_workers_ai: FakeWorkersAI, code: int, status: int
) -> None:
    fake_workers_ai.always = error(code, status, "the service's own words")
    with capture_logs() as logs:
        async with workers_ai_client(fake_workers_ai) as client:
            with pytest.raises(GenerationFailed) as caught:
                await client.generate(request_for(FLUX))
    assert len(fake_workers_ai.requests) == 1
    assert not caught.value.retryable
    assert caught.value.provider_code == code
    assert [(log["event"], log["log_level"]) for log in logs] == [
        ("workers_ai_request_refused", "warning")
    ]


@pytest.mark.parametrize(("code", "status"), OPERATOR)
async def test_an_error_of_the_operators_is_logged_in_full_and_shown_in_general_terms(
    fake_workers_ai: FakeWorkersAI, code: int | None, status: int
) -> None:
    fake_workers_ai.always = error(code, status, "words for the operator")
    with capture_logs() as logs:
        async with workers_ai_client(fake_workers_ai) as client:
            with pytest.raises(GenerationFailed) as caught:
                await client.generate(request_for(FLUX))
    assert len(fake_workers_ai.requests) == 1
    assert not caught.value.retryable
    assert caught.value.message == (
        "The server's provider account cannot generate this image. The server's "
        "operator must fix this; the log has the details."
    )
    assert len(logs) == 1
    assert (
        logs[0].items()
        >= {
            "event": "workers_ai_operator_error",
            "log_level": "error",
            "code": code,
            "status": status,
            "model": FLUX,
            "detail": "words for the operator",
        }.items()
    )


@pytest.mark.parametrize(("code", "status"), SERVICE)
async def test_an_error_of_the_service_is_retried_and_its_end_may_pass(
    fake_workers_ai: FakeWorkersAI, code: int | None, status: int
) -> None:
    behaviour = error(code, status)
    fake_workers_ai.next(behaviour, behaviour, behaviour)
    with capture_logs() as logs:
        async with workers_ai_client(fake_workers_ai) as client:
            await client.generate(request_for(FLUX))
            assert len(fake_workers_ai.requests) == 4

            fake_workers_ai.always = behaviour
            with pytest.raises(GenerationFailed) as caught:
                await client.generate(request_for(FLUX))
    assert len(fake_workers_ai.requests) == 8
    assert caught.value.retryable
    assert caught.value.provider_code == code
    events = [log["event"] for log in logs if log["event"].startswith("workers_ai")]
    assert events == ["workers_ai_retry"] * 6 + ["workers_ai_gave_up"]


@pytest.mark.parametrize(
    ("code", "status", "message"),
    [
        (3030, 400, "AiError: AiError: Input prompt contains NSFW content"),
        (3030, 500, "3030: Your request was flagged."),
        (3030, 200, "Input prompt contains NSFW content"),
        (8007, 200, "Input prompt contains NSFW content"),
        (2016, 424, "Prompt blocked due to security configurations"),
        (2017, 422, "Prompt or response blocked due to security configurations"),
        (8007, 400, "8007: Input prompt contains NSFW content"),
        (None, 422, "This prompt violates our content policy."),
        (None, 403, "Blocked by the safety system"),
    ],
)
async def test_a_refused_prompt_says_so_and_is_not_tried_again(
    fake_workers_ai: FakeWorkersAI, code: int | None, status: int, message: str
) -> None:
    fake_workers_ai.always = error(code, status, message)
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(PromptRefused):
            await client.generate(request_for(FLUX))
    assert len(fake_workers_ai.requests) == 1


@pytest.mark.parametrize("code", [3036, 4006])
async def test_a_used_up_day_is_never_tried_again_and_reports_when_it_is_over(
    fake_workers_ai: FakeWorkersAI, code: int
) -> None:
    fake_workers_ai.always = error(code, 429, "used up", retry_after=1)
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(DailyAllocationUsed) as caught:
            await client.generate(request_for(FLUX))
    assert len(fake_workers_ai.requests) == 1
    assert caught.value.resets_at == datetime(2026, 11, 23, tzinfo=UTC)


async def test_of_several_errors_the_one_whose_code_is_known_counts(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    body = b"""{"success": false, "errors": [
        {"code": 1, "message": "outer"}, {"code": "3036", "message": "used up"}]}"""
    fake_workers_ai.always = replies(Reply(body=body, status=500))
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(DailyAllocationUsed):
            await client.generate(request_for(FLUX))


async def test_an_ai_gateways_own_error_is_understood(fake_workers_ai: FakeWorkersAI) -> None:
    body = b"""{"success": false, "result": [], "error": [
        {"code": 2001, "message": "Please configure AI Gateway"}]}"""
    fake_workers_ai.always = replies(Reply(body=body, status=400))
    with capture_logs() as logs:
        async with workers_ai_client(
            fake_workers_ai, base_url=fake_workers_ai.gateway_base_url
        ) as client:
            with pytest.raises(GenerationFailed, match="operator"):
                await client.generate(request_for(FLUX))
    assert logs[0]["detail"] == "Please configure AI Gateway"


async def test_what_the_service_says_of_a_bad_request_is_shown_without_its_wrapping(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    fake_workers_ai.always = error(
        5004,
        400,
        "AiError: AiError: 5004: steps\x00 must be\n8 (0bd3bcd6-2f2f-4a0c-9a5c-0b1c5f3f9f0a)",
    )
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(GenerationFailed) as caught:
            await client.generate(request_for(FLUX))
    assert caught.value.message == (
        "The provider rejected this request. Change it. It says: steps must be 8"
    )


@pytest.mark.parametrize("message", ["see https://internal.test/trace/1", "x" * 100_000])
async def test_addresses_and_endless_words_of_the_service_are_not_shown(
    fake_workers_ai: FakeWorkersAI, message: str
) -> None:
    fake_workers_ai.always = error(5004, 400, message)
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(GenerationFailed) as caught:
            await client.generate(request_for(FLUX))
    assert "://" not in caught.value.message
    assert len(caught.value.message) < 500


@pytest.mark.parametrize(("code", "status"), [(5004, 400), (10000, 401), (3040, 429), (3030, 400)])
async def test_the_token_reaches_no_log_and_no_error_even_when_the_service_repeats_it(
    fake_workers_ai: FakeWorkersAI, code: int, status: int
) -> None:
    fake_workers_ai.always = error(
        code, status, f"bad token {fake_workers_ai.token} of {fake_workers_ai.account_id}"
    )
    with capture_logs() as logs:
        async with workers_ai_client(fake_workers_ai) as client:
            with pytest.raises((GenerationFailed, PromptRefused)) as caught:
                await client.generate(request_for(FLUX))
    output = "".join(traceback.format_exception(caught.value)) + repr(logs)
    assert logs
    assert fake_workers_ai.token not in output
    assert fake_workers_ai.account_id not in output


async def test_a_rejected_token_is_the_operators_error(fake_workers_ai: FakeWorkersAI) -> None:
    with capture_logs() as logs:
        async with workers_ai_client(fake_workers_ai, api_token="another-token") as client:
            with pytest.raises(GenerationFailed, match="operator"):
                await client.generate(request_for(FLUX))
    assert logs[0]["code"] == 10000
    assert "another-token" not in repr(logs)


async def test_a_page_of_html_shows_nothing_of_itself(fake_workers_ai: FakeWorkersAI) -> None:
    fake_workers_ai.always = html_page()
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(GenerationFailed) as caught:
            await client.generate(request_for(FLUX))
    assert "html" not in caught.value.message.lower()
