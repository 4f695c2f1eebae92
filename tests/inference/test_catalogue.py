from decimal import Decimal
from importlib import resources
from pathlib import Path

import pytest

from gql_server.inference.catalogue import Catalogue, CatalogueError, load_catalogue
from gql_server.inference.model import Model, ModelCapability, PriceUnit

MODELS = resources.files("gql_server.inference").joinpath("models")
BUILT_IN = MODELS.joinpath("workers-ai.toml").read_text("utf-8")

Bounds = tuple[str, float | None, float | None, float | None]
"""A parameter's wire name, default, minimum and maximum."""

SEED: Bounds = ("seed", None, 0, 9007199254740991)


def _sides(width: float, height: float, minimum: float, maximum: float) -> dict[str, Bounds]:
    return {
        "width": ("width", width, minimum, maximum),
        "height": ("height", height, minimum, maximum),
    }


FLUX_2 = _sides(1024, 768, 256, 1920) | {"guidance": ("guidance", None, 0, None), "seed": SEED}


def _stable_diffusion(side: float) -> dict[str, Bounds]:
    return _sides(side, side, 256, 2048) | {
        "negative_prompt": ("negative_prompt", None, None, 2048),
        "steps": ("num_steps", 20, 1, 20),
        "guidance": ("guidance", 7.5, 0, None),
        "strength": ("strength", 1, 0, 1),
        "seed": SEED,
    }


# Cloudflare's table of autumn 2026: request, answer, parameters. Bounds that it leaves open
# (a least size of 256 for Leonardo's models, sizes of Stable Diffusion) are this server's.
TABLE: dict[str, tuple[str, str, dict[str, Bounds]]] = {
    "@cf/black-forest-labs/flux-1-schnell": (
        "json",
        "base64",
        {"steps": ("steps", 4, 1, 8), "seed": SEED},
    ),
    "@cf/black-forest-labs/flux-2-dev": (
        "multipart",
        "base64",
        FLUX_2 | {"steps": ("steps", 25, 1, 50)},
    ),
    "@cf/black-forest-labs/flux-2-klein-4b": ("multipart", "base64", FLUX_2),
    "@cf/black-forest-labs/flux-2-klein-9b": ("multipart", "base64", FLUX_2),
    "@cf/leonardo/lucid-origin": (
        "json",
        "base64",
        _sides(1120, 1120, 256, 2500)
        | {
            "steps": ("num_steps", 25, 1, 40),
            "guidance": ("guidance", 4.5, 0, 10),
            "seed": SEED,
        },
    ),
    "@cf/leonardo/phoenix-1.0": (
        "json",
        "binary",
        _sides(1024, 1024, 256, 2048)
        | {
            "steps": ("num_steps", 25, 1, 50),
            "guidance": ("guidance", 2, 2, 10),
            "negative_prompt": ("negative_prompt", None, None, 2048),
            "seed": SEED,
        },
    ),
    "@cf/stabilityai/stable-diffusion-xl-base-1.0": ("json", "binary", _stable_diffusion(1024)),
    "@cf/bytedance/stable-diffusion-xl-lightning": ("json", "binary", _stable_diffusion(1024)),
    "@cf/lykon/dreamshaper-8-lcm": ("json", "binary", _stable_diffusion(512)),
    "@cf/runwayml/stable-diffusion-v1-5-img2img": ("json", "binary", _stable_diffusion(512)),
    "@cf/runwayml/stable-diffusion-v1-5-inpainting": ("json", "binary", _stable_diffusion(512)),
}

# Dollars and neurons for each unit, both as Cloudflare lists them.
PRICES: dict[str, dict[str, tuple[str, str]]] = {
    "@cf/black-forest-labs/flux-1-schnell": {
        "output_tile": ("0.0000528", "4.80"),
        "step": ("0.0001056", "9.60"),
    },
    "@cf/black-forest-labs/flux-2-dev": {
        "input_tile_step": ("0.00021", "18.75"),
        "output_tile_step": ("0.00041", "37.50"),
    },
    "@cf/black-forest-labs/flux-2-klein-4b": {
        "input_tile": ("0.000059", "5.37"),
        "output_tile": ("0.000287", "26.05"),
    },
    "@cf/black-forest-labs/flux-2-klein-9b": {
        "first_megapixel": ("0.015", "1363.64"),
        "further_megapixel": ("0.002", "181.82"),
        "input_megapixel": ("0.002", "181.82"),
    },
    "@cf/leonardo/lucid-origin": {
        "output_tile": ("0.007", "636"),
        "step": ("0.000132", "12"),
    },
    "@cf/leonardo/phoenix-1.0": {
        "output_tile": ("0.00583", "530"),
        "step": ("0.00011", "10"),
    },
}

IMAGE_INPUTS = {
    "@cf/black-forest-labs/flux-2-dev": ("reference", 0, 4, "none", 512),
    "@cf/black-forest-labs/flux-2-klein-4b": ("reference", 0, 4, "none", 512),
    "@cf/black-forest-labs/flux-2-klein-9b": ("reference", 0, 4, "none", 512),
    "@cf/stabilityai/stable-diffusion-xl-base-1.0": ("init", 0, 1, "optional", None),
    "@cf/bytedance/stable-diffusion-xl-lightning": ("init", 0, 1, "optional", None),
    "@cf/lykon/dreamshaper-8-lcm": ("init", 0, 1, "optional", None),
    "@cf/runwayml/stable-diffusion-v1-5-img2img": ("init", 1, 1, "optional", None),
    "@cf/runwayml/stable-diffusion-v1-5-inpainting": ("init", 1, 1, "required", None),
}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def _model(catalogue: Catalogue, model_id: str) -> Model:
    model = catalogue.get(model_id)
    assert model is not None
    return model


def test_the_built_in_models_are_those_of_the_table(catalogue: Catalogue) -> None:
    hosted = [model.id for model in catalogue.models if model.id.startswith("@cf/")]
    assert hosted == list(TABLE)
    assert catalogue.get("@cf/no/model") is None


@pytest.mark.parametrize("model_id", TABLE)
def test_every_parameter_is_as_in_the_table(catalogue: Catalogue, model_id: str) -> None:
    model = _model(catalogue, model_id)
    parameters = {
        name: (rule.wire_name, rule.default, rule.minimum, rule.maximum)
        for name, rule in model.parameters.items()
    }
    assert (model.request, model.answer, parameters) == TABLE[model_id]
    assert model.max_prompt_length == 2048


@pytest.mark.parametrize("model_id", TABLE)
def test_every_price_is_as_in_the_table(catalogue: Catalogue, model_id: str) -> None:
    prices = {
        PriceUnit(unit): (Decimal(dollars), Decimal(neurons))
        for unit, (dollars, neurons) in PRICES.get(model_id, {}).items()
    }
    model = _model(catalogue, model_id)
    assert {price.unit: (price.dollars, price.neurons) for price in model.prices} == prices
    assert model.is_beta is not bool(prices)


@pytest.mark.parametrize("model_id", TABLE)
def test_every_model_takes_the_images_of_the_table(catalogue: Catalogue, model_id: str) -> None:
    inputs = _model(catalogue, model_id).image_inputs
    found = inputs and (
        inputs.form,
        inputs.minimum,
        inputs.maximum,
        inputs.mask,
        inputs.max_side,
    )
    assert found == IMAGE_INPUTS.get(model_id)


def test_the_price_of_four_tiles_and_four_steps_is_cloudflares(catalogue: Catalogue) -> None:
    tile, step = _model(catalogue, "@cf/black-forest-labs/flux-1-schnell").prices
    assert 4 * tile.nano_dollars + 4 * step.nano_dollars == 633_600
    assert 4 * tile.milli_neurons + 4 * step.milli_neurons == 57_600


def test_capabilities_follow_from_what_a_model_takes(catalogue: Catalogue) -> None:
    assert _model(catalogue, "@cf/black-forest-labs/flux-1-schnell").capabilities == (
        ModelCapability.SEED,
    )
    assert _model(catalogue, "@cf/black-forest-labs/flux-2-dev").capabilities == (
        ModelCapability.SIZE,
        ModelCapability.SEED,
        ModelCapability.REFERENCE_IMAGES,
    )
    assert _model(catalogue, "@cf/lykon/dreamshaper-8-lcm").capabilities == (
        ModelCapability.SIZE,
        ModelCapability.SEED,
        ModelCapability.NEGATIVE_PROMPT,
        ModelCapability.IMAGE_TO_IMAGE,
        ModelCapability.INPAINTING,
    )


def test_a_catalogue_of_ones_own_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text(BUILT_IN.replace("Flux 1 Schnell", "My own name"), "utf-8")
    assert load_catalogue(path).models[0].name == "My own name"


FLUX_STEPS = (
    'steps = { wire_name = "steps", type = "integer", default = 4, minimum = 1, maximum = 8 }'
)


@pytest.mark.parametrize(
    ("written", "instead", "named"),
    [
        ('request = "json"', 'request = "xml"', "models.0.request"),
        ('answer = "base64"', "", "models.0.answer"),
        ('speed = "fast"', 'speed = "fast"\ncolour = "red"', "models.0.colour"),
        ("max_prompt_length = 2048", "max_prompt_length = 0", "models.0.max_prompt_length"),
        ('id = "@cf/black-forest-labs/flux-1-schnell"', 'id = "flux"', "models.0.id"),
        (FLUX_STEPS, FLUX_STEPS.replace("default = 4", "default = 9"), "models.0.parameters.steps"),
        (
            FLUX_STEPS,
            FLUX_STEPS.replace("steps =", "stairs ="),
            "stairs is a setting of this model alone",
        ),
        (FLUX_STEPS, FLUX_STEPS.replace('"integer"', '"whole"'), "models.0.parameters.steps.type"),
        ("fixed_size = { width = 1024, height = 1024 }", "", "fixed_size"),
        ("fixed_size = { width = 1024, height = 1024 }", "fixed_size = { width = 8 }", "height"),
        ('unit = "step"', 'unit = "output_tile"', "each unit has one price"),
        ('unit = "step"', 'unit = "hour"', "models.0.prices.1.unit"),
        ('dollars = "0.0000528"', 'dollars = "-1"', "models.0.prices.0.dollars"),
        ('dollars = "0.0000528"', 'dollars = "0.0000000001"', "models.0.prices.0.dollars"),
        ('dollars = "0.0000528"', 'dollars = "cheap"', "models.0.prices.0.dollars"),
        ('neurons = "4.80"', 'neurons = "4.8001"', "models.0.prices.0.neurons"),
        ("typical_seconds = { minimum = 2, maximum = 3 }", "", "models.0.typical_seconds"),
        ("minimum = 2, maximum = 3", "minimum = 4, maximum = 3", "above maximum"),
        (FLUX_STEPS, FLUX_STEPS.replace("minimum = 1", "minimum = true"), "steps.minimum"),
        (FLUX_STEPS, FLUX_STEPS.replace("default = 4", "default = 4.5"), "whole numbers"),
        (FLUX_STEPS, FLUX_STEPS.replace('"steps"', '"prompt"'), "wire_name"),
        (FLUX_STEPS, FLUX_STEPS.replace('"steps"', '"seed"'), "wire_name"),
        (FLUX_STEPS, FLUX_STEPS.replace('"integer"', '"string"'), "a default of string"),
        ('name = "Flux 1 Schnell"', 'name = ""', "models.0.name"),
        ('dollars = "0.0000528"', "dollars = 0.0000528", "as a string"),
        ('form = "reference", maximum = 4, max_side = 512', 'form = "init", maximum = 4', "json"),
        (", max_side = 512", "", "max_side"),
        ("default = 1024, minimum = 256, maximum = 1920", "minimum = 256", "need a default"),
        ("\n[[models]]", "\n[[models", "line"),
    ],
)
def test_an_error_in_the_file_is_named_with_its_place(
    tmp_path: Path, written: str, instead: str, named: str
) -> None:
    assert written in BUILT_IN
    path = tmp_path / "models.toml"
    path.write_text(BUILT_IN.replace(written, instead, 1), "utf-8")
    with pytest.raises(CatalogueError) as caught:
        load_catalogue(path)
    assert str(path) in str(caught.value)
    assert named in str(caught.value)


def test_a_model_named_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    path.write_text(BUILT_IN.replace("flux-2-dev", "flux-1-schnell", 1), "utf-8")
    with pytest.raises(CatalogueError, match="twice"):
        load_catalogue(path)


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"models = []", b"models = 3"])
def test_a_file_that_is_no_catalogue_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "models.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(CatalogueError, match=r"models\.toml"):
        load_catalogue(path)


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        ("flux-schnell", "@cf/black-forest-labs/flux-1-schnell"),
        ("@CF/black-forest-labs/flux-1-schnel", "@cf/black-forest-labs/flux-1-schnell"),
        ("gpt-image", "openai/gpt-image-2"),
        ("nope", None),
        ("x" * 1_000_000, None),
    ],
)
def test_the_most_similar_model_is_suggested(name: str, suggested: str | None) -> None:
    expected = f"Did you mean {suggested}?" if suggested else None
    assert load_catalogue().instead_of(name) == expected
