"""What the service refuses: the prompt, the picture that it drew, or the inputs."""

import json
from collections.abc import Mapping, Sequence

import pytest
from structlog.testing import capture_logs

from gql_server.domain.errors import GenerationFailed, ImageFlagged, PromptRefused
from gql_server.domain.parameters import Parameters
from gql_server.inference.generator import GenerationRequest
from gql_server.inference.workers_ai.errors import FailureCause, read_error
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import error, failure, image_flagged
from tests.support.workers_ai_client import FLUX, KLEIN, model, request_for, workers_ai_client

pytestmark = pytest.mark.anyio

SEED = 41


def drawn_by_chance(model_id: str = FLUX) -> GenerationRequest:
    return GenerationRequest(
        model=model(model_id),
        prompt="a fox in the snow",
        parameters=Parameters(seed=SEED),
        seed_was_given=False,
    )


@pytest.mark.parametrize("model_id", [FLUX, KLEIN])
async def test_a_flagged_image_is_drawn_again_with_another_seed(
    fake_workers_ai: FakeWorkersAI, model_id: str
) -> None:
    fake_workers_ai.next(image_flagged(), image_flagged())
    with capture_logs() as logs:
        async with workers_ai_client(fake_workers_ai) as client:
            made = await client.generate(drawn_by_chance(model_id))
    seeds = [int(str(request.parameters["seed"])) for request in fake_workers_ai.requests]
    assert seeds[0] == SEED
    assert len(set(seeds)) == 3
    assert made.seed == seeds[-1]
    assert [log["event"] for log in logs] == ["workers_ai_retry"] * 2


async def test_seeds_are_tried_three_times_at_most(fake_workers_ai: FakeWorkersAI) -> None:
    fake_workers_ai.always = image_flagged()
    async with workers_ai_client(fake_workers_ai, max_attempts=10) as client:
        with pytest.raises(ImageFlagged) as caught:
            await client.generate(drawn_by_chance())
    assert len(fake_workers_ai.requests) == 3
    assert not caught.value.seed_was_given
    assert caught.value.path == ("prompt",)


async def test_other_seeds_count_as_attempts(fake_workers_ai: FakeWorkersAI) -> None:
    fake_workers_ai.always = image_flagged()
    async with workers_ai_client(fake_workers_ai, max_attempts=2) as client:
        with pytest.raises(ImageFlagged):
            await client.generate(drawn_by_chance())
    assert len(fake_workers_ai.requests) == 2


async def test_a_seed_that_was_requested_is_not_exchanged(fake_workers_ai: FakeWorkersAI) -> None:
    fake_workers_ai.always = image_flagged()
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(ImageFlagged) as caught:
            await client.generate(request_for(FLUX, parameters=Parameters(seed=SEED)))
    assert len(fake_workers_ai.requests) == 1
    assert caught.value.seed_was_given
    assert caught.value.path == ("seed",)


@pytest.mark.parametrize(
    "message",
    [
        'input tensor "image" is not present',
        "failed to process image: corrupt or unsupported data",
        "prompt is too long: 3000 tokens, the maximum is 2048",
        "AiError: AiError: something or other",
    ],
)
@pytest.mark.parametrize("status", [200, 400])
async def test_inputs_that_the_model_cannot_use_are_reported_as_such(
    fake_workers_ai: FakeWorkersAI, message: str, status: int
) -> None:
    fake_workers_ai.always = error(3030, status, message)
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(GenerationFailed, match="rejected this request") as caught:
            await client.generate(request_for(FLUX))
    assert len(fake_workers_ai.requests) == 1
    assert not caught.value.retryable


PROMPT = 'A worker in a "safety vest" reads the content policy, flagged by moderation'
NEGATIVE = "nsfw, blurry"


@pytest.mark.parametrize(
    "message",
    [
        f"Invalid value for prompt: {PROMPT}",
        f"Invalid value for prompt: {PROMPT[:40]}…",
        "Invalid value 'a Safety vest…' in the prompt",
        "Cannot read " + json.dumps({"prompt": PROMPT, "negative_prompt": NEGATIVE}),
        'Unexpected token in "NSFW"',
        "Cannot read `moderation`",
        "Cannot read “content policy”",
    ],
)
@pytest.mark.parametrize("code", [None, 3030, 5006, 8001])
def test_words_that_are_quoted_from_the_prompt_are_no_refusal(
    message: str, code: int | None
) -> None:
    assert cause_of(code, 400, message, sent=[PROMPT, NEGATIVE]) is FailureCause.CALLER


@pytest.mark.parametrize(
    ("message", "cause"),
    [
        (f"{PROMPT}: this prompt contains NSFW content", FailureCause.PROMPT),
        ("The model's safety system refused the prompt's words", FailureCause.PROMPT),
        ("Your output has been flagged. Choose another prompt", FailureCause.PICTURE),
        ("The generated image contains NSFW content", FailureCause.PICTURE),
        ("NSFW content in the image generated", FailureCause.PICTURE),
        ('{"detail": "NSFW content detected in the output"}', FailureCause.PICTURE),
        (f"Cannot draw '{PROMPT * 20}': NSFW content", FailureCause.PROMPT),
    ],
)
@pytest.mark.parametrize(("code", "status"), [(3030, 400), (None, 422), (8007, 200), (3030, 500)])
def test_words_beside_what_is_quoted_count(
    code: int | None, status: int, message: str, cause: FailureCause
) -> None:
    assert cause_of(code, status, message, sent=[PROMPT, NEGATIVE]) is cause


@pytest.mark.parametrize(
    ("code", "status", "cause"),
    [
        (2016, 424, FailureCause.PROMPT),
        (2017, 424, FailureCause.PICTURE),
        (2017, 422, FailureCause.PROMPT),
    ],
)
def test_the_guardrails_of_an_ai_gateway_block_the_prompt_or_the_answer(
    code: int, status: int, cause: FailureCause
) -> None:
    message = "Blocked due to security configurations"
    assert cause_of(code, status, message, sent=[PROMPT, NEGATIVE]) is cause


@pytest.mark.parametrize("status", [401, 402, 404, 429, 503])
def test_an_account_that_was_flagged_is_no_refused_prompt(status: int) -> None:
    message = "Your account was flagged for a safety review"
    assert cause_of(None, status, message, sent=[PROMPT]) in {
        FailureCause.OPERATOR,
        FailureCause.SERVICE,
        FailureCause.CREDITS,
    }


@pytest.mark.parametrize("prompt", ["", "a", " ", "\n" * 50, "x" * 2048])
def test_any_prompt_can_stand_beside_any_message(prompt: str) -> None:
    assert cause_of(3030, 400, "a NSFW prompt", sent=[prompt]) is FailureCause.PROMPT


async def test_a_refused_prompt_is_not_tried_with_another_seed(
    fake_workers_ai: FakeWorkersAI,
) -> None:
    fake_workers_ai.always = error(3030, 400, "Input prompt contains NSFW content")
    async with workers_ai_client(fake_workers_ai) as client:
        with pytest.raises(PromptRefused):
            await client.generate(drawn_by_chance())
    assert len(fake_workers_ai.requests) == 1


def cause_of(code: int | None, status: int, message: str, *, sent: Sequence[str]) -> FailureCause:
    reply = failure(code, status, message)
    headers: Mapping[str, str] = {}
    read = read_error(status, headers, reply.body, sent=sent, redact=lambda text: text)
    return read.cause
