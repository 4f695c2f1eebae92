"""Outcomes that a prompt asks a preview for."""

import time
from collections.abc import AsyncIterator

import pytest

from gql_server.domain.clock import now
from gql_server.domain.errors import (
    DailyAllocationUsed,
    GenerationFailed,
    ImageFlagged,
    PromptRefused,
)
from gql_server.domain.parameters import Parameters
from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.generator import GeneratedPicture, GenerationRequest
from gql_server.inference.preview import PreviewGenerator

pytestmark = pytest.mark.anyio

SDXL = load_catalogue().get("@cf/stabilityai/stable-diffusion-xl-base-1.0")


@pytest.fixture
async def generator() -> AsyncIterator[PreviewGenerator]:
    preview = PreviewGenerator()
    yield preview
    await preview.close()


async def drawn(generator: PreviewGenerator, prompt: str) -> GeneratedPicture:
    assert SDXL is not None
    parameters = Parameters(width=128, height=128, seed=7)
    request = GenerationRequest(model=SDXL, prompt=prompt, parameters=parameters)
    return await generator.generate(request)


async def test_a_prompt_is_refused(generator: PreviewGenerator) -> None:
    with pytest.raises(PromptRefused):
        await drawn(generator, "A red fox [PREVIEW:refuse] in the snow")


async def test_an_image_is_flagged(generator: PreviewGenerator) -> None:
    with pytest.raises(ImageFlagged) as raised:
        await drawn(generator, "A red fox [preview:flagged]")
    assert raised.value.seed_was_given


async def test_a_preview_fails_for_good(generator: PreviewGenerator) -> None:
    for _ in range(3):
        with pytest.raises(GenerationFailed) as raised:
            await drawn(generator, "A red fox [preview:fail]")
        assert not raised.value.retryable


async def test_a_preview_fails_once_and_then_succeeds(generator: PreviewGenerator) -> None:
    for _ in range(2):
        with pytest.raises(GenerationFailed) as raised:
            await drawn(generator, "A red fox [preview:fail-once]")
        assert raised.value.retryable
        assert (await drawn(generator, "A red fox [preview:fail-once]")).info.width == 128


async def test_the_allocation_is_used_once(generator: PreviewGenerator) -> None:
    with pytest.raises(DailyAllocationUsed) as raised:
        await drawn(generator, "A red fox [preview:pause 3600]")
    assert 3500 < (raised.value.resets_at - now()).total_seconds() <= 3600
    await drawn(generator, "A red fox [preview:pause 3600]")


async def test_a_preview_takes_its_time(generator: PreviewGenerator) -> None:
    start = time.monotonic()
    picture = await drawn(generator, "A red fox [preview:slow 1]")
    assert time.monotonic() - start >= 1
    assert picture.seconds >= 1


async def test_a_preview_has_another_size(generator: PreviewGenerator) -> None:
    info = (await drawn(generator, "A red fox [preview:size 200x100]")).info
    assert (info.width, info.height) == (200, 100)


@pytest.mark.parametrize(
    ("directive", "message"),
    [
        ("[preview:fial]", "[preview:fail]"),
        ("[preview:]", "[preview:fail]"),
        ("[preview:slow]", "1 to 600 seconds"),
        ("[preview:slow 601]", "1 to 600 seconds"),
        ("[preview:slow ٣]", "1 to 600 seconds"),
        ("[preview:pause x]", "1 to 86400 seconds"),
        ("[preview:size 63x64]", "64 to 2048 pixels"),
        ("[preview:size 64]", "64 to 2048 pixels"),
    ],
)
async def test_a_directive_that_is_wrong_says_how_to_write_it(
    generator: PreviewGenerator, directive: str, message: str
) -> None:
    with pytest.raises(GenerationFailed) as raised:
        await drawn(generator, f"A red fox {directive}")
    assert message in raised.value.message


@pytest.mark.parametrize("prompt", ["A preview: fail", "[preview fail]", "[preview:fail", "[[]]"])
async def test_other_words_are_plain(generator: PreviewGenerator, prompt: str) -> None:
    assert (await drawn(generator, prompt)).info.width == 128
