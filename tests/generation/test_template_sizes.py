"""Sizes from a template and from the caller: one of them counts, and the model must support it."""

import pytest

from gql_server.domain.parameters import Parameters
from gql_server.generation.requests.rules import ResolvedParameters, resolve_parameters
from gql_server.inference.catalogue import load_catalogue

GPT, P_IMAGE, SEEDREAM = "openai/gpt-image-2", "pruna/p-image", "bytedance/seedream-4.0"
PIXELS = Parameters(width=1024, height=512)


def resolve(model_id: str, given: Parameters, template: Parameters) -> ResolvedParameters:
    model = load_catalogue().get(model_id)
    assert model is not None
    return resolve_parameters(model, given, template)


@pytest.mark.parametrize(
    ("model_id", "given", "template", "path"),
    [
        (GPT, Parameters(), Parameters(width=512, height=768), ("template_id",)),
        (GPT, Parameters(width=1024), Parameters(width=512, height=768), ("width",)),
        (P_IMAGE, Parameters(), Parameters(width=512), ("template_id",)),
        (P_IMAGE, Parameters(width=512), Parameters(), ("height",)),
    ],
)
def test_a_size_that_the_model_does_not_support_is_an_error(
    model_id: str, given: Parameters, template: Parameters, path: tuple[str, ...]
) -> None:
    errors = resolve(model_id, given, template).errors
    assert path in [error.path for error in errors]


def test_the_callers_kind_of_size_replaces_the_templates() -> None:
    found = resolve(P_IMAGE, Parameters(aspect_ratio="1:1"), PIXELS)
    assert found.errors == []
    assert (found.parameters.width, found.parameters.height) == (None, None)
    assert found.parameters.aspect_ratio == "1:1"
    found = resolve(P_IMAGE, PIXELS, Parameters(aspect_ratio="1:1"))
    assert found.errors == []
    assert (found.parameters.width, found.parameters.aspect_ratio) == (1024, None)


@pytest.mark.parametrize("model_id", [P_IMAGE, SEEDREAM])
def test_an_images_own_parameters_can_be_sent_back(model_id: str) -> None:
    size = Parameters(width=1024, height=1024)
    found = resolve(model_id, Parameters(), size)
    assert found.errors == []
    assert resolve(model_id, found.parameters, Parameters()).errors == []
