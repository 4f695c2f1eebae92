"""Prompts of models that do not need one, and the largest image that they may be asked for."""

import pytest

from gql_server.domain.errors import ErrorCode
from gql_server.generation.requests.prompts import prompt_errors
from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.model import PromptUse
from gql_server.inference.workers_ai.answers import MAX_ANSWER_BYTES
from gql_server.pictures.decoding import MAX_PIXELS

NEED_NONE = [one for one in load_catalogue().models if one.prompt is not PromptUse.REQUIRED]


@pytest.mark.parametrize("model", NEED_NONE, ids=lambda model: model.id)
def test_a_blank_prompt_has_a_length(model: object) -> None:
    (one,) = [found for found in NEED_NONE if found is model]
    assert prompt_errors("  ", "", one) == []
    (error,) = prompt_errors(" " * 1_000_000, "", one)
    expected = ErrorCode.NOT_SUPPORTED if one.prompt is PromptUse.NONE else ErrorCode.TOO_LONG
    assert error.code is expected


def test_the_largest_upscaled_images_can_be_fetched_and_decoded() -> None:
    model = load_catalogue().get("pruna/p-image-upscale")
    assert model is not None
    # Of any PNG, and of a grainy JPEG of a quality up to 90, and of the best.
    bytes_of_a_pixel = (3, 0.7, 2)
    for limit, size in zip(model.limits, bytes_of_a_pixel, strict=True):
        assert limit.maximum * 1_000_000 * size < MAX_ANSWER_BYTES
    assert model.parameters["target"].maximum == max(limit.maximum for limit in model.limits)
    assert max(limit.maximum for limit in model.limits) * 1_000_000 < MAX_PIXELS
