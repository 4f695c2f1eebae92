"""Every model is asked for something that it accepts, as near to the requested size as it can."""

import pytest

from gql_server.domain.parameters import Parameters
from gql_server.generation.requests.rules import resolve_parameters
from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.model import Model, Size
from gql_server.inference.nearest_size import NearestSize, nearest_size

CATALOGUE = load_catalogue()
SIZES = ((1024, 1024), (1792, 1024), (1024, 1792), (64, 64), (4096, 300), (3840, 2160), (99999, 16))


def nearest(model_id: str, width: int, height: int) -> NearestSize:
    model = CATALOGUE.get(model_id)
    assert model is not None
    return nearest_size(model, Size(width=width, height=height))


@pytest.mark.parametrize("model", CATALOGUE.models, ids=lambda model: model.id)
def test_every_model_accepts_what_is_requested_of_it(model: Model) -> None:
    for width, height in SIZES:
        found = nearest_size(model, Size(width=width, height=height))
        given = Parameters(**found.settings, own=found.own)
        wrong = [
            error
            for error in resolve_parameters(model, given).errors
            if error.path[-1] in {*found.settings, *found.own}
        ]
        assert wrong == [], (width, height)


@pytest.mark.parametrize(
    ("model_id", "requested", "expected"),
    [
        ("@cf/black-forest-labs/flux-1-schnell", (1792, 1024), (1024, 1024)),
        ("@cf/black-forest-labs/flux-2-klein-9b", (1792, 1024), (1792, 1024)),
        ("@cf/black-forest-labs/flux-2-klein-9b", (3840, 2160), (1920, 1080)),
        ("@cf/black-forest-labs/flux-2-klein-9b", (128, 64), (512, 256)),
        ("@cf/black-forest-labs/flux-2-klein-9b", (1001, 1001), (1000, 1000)),
        ("openai/gpt-image-2", (1792, 1024), (1536, 1024)),
        ("openai/gpt-image-2", (512, 512), (1024, 1024)),
    ],
)
def test_the_nearest_size_in_pixels(
    model_id: str, requested: tuple[int, int], expected: tuple[int, int]
) -> None:
    size = nearest(model_id, *requested).size
    assert size is not None
    assert (size.width, size.height) == expected


def test_a_model_without_pixels_gets_a_ratio_and_a_tier() -> None:
    wide = nearest("google/nano-banana", 3840, 2160)
    assert (wide.settings, wide.own) == ({"aspect_ratio": "16:9"}, {"image_size": "2K"})
    assert wide.size == Size(width=2736, height=1536)
    assert nearest("google/nano-banana", 1024, 1024).own == {"image_size": "1K"}
    free = nearest("black-forest-labs/flux-1-kontext-pro", 1600, 1200)
    assert free.settings == {"aspect_ratio": "4:3"}
    narrow = nearest("black-forest-labs/flux-1-kontext-pro", 100, 1000)
    assert narrow.settings == {"aspect_ratio": "3:7"}


def test_an_edited_image_keeps_the_size_of_its_source() -> None:
    assert nearest("bria/remove-background", 512, 512) == NearestSize(None)
