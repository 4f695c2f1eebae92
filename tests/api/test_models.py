from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gql_server.api.models.catalogue import ShapedCatalogue
from gql_server.database.queries.model_rollups import (
    Outcome,
    add_to_model_rollups,
    model_rollups_of,
)
from gql_server.domain.clock import now
from gql_server.domain.principal import Role
from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.model import Model
from gql_server.ledger.prices.price_book import load_price_book
from tests.support.clients import client_of
from tests.support.running_app import FLUX, SDXL, RunningApp

pytestmark = pytest.mark.anyio


async def test_every_model_is_listed_with_what_it_takes(app: RunningApp) -> None:
    data = await app.ask(
        """{ models {
          id name provider description speed quality typicalSeconds { minimum maximum }
          costPerImage unitPrices { unit price neurons } capabilities
          parameters { name location type default minimum maximum multipleOf description }
          imageInputs { minimum maximum takesMask needsMask }
          defaultSize { width height } maxPromptLength isRecommended isBeta isAvailable
        } }"""
    )
    models = {model["id"]: model for model in data["models"]}
    assert list(models) == [model.id for model in load_catalogue().models]
    flux = models[FLUX]
    assert (flux["name"], flux["speed"], flux["quality"]) == ("Flux 1 Schnell", "FAST", "HIGH")
    assert flux["costPerImage"] == 0.01
    assert flux["typicalSeconds"] == {"minimum": 2, "maximum": 3}
    assert flux["unitPrices"] == [
        {"unit": "OUTPUT_TILE", "price": 0.0000528, "neurons": 4.8},
        {"unit": "STEP", "price": 0.0001056, "neurons": 9.6},
    ]
    assert flux["capabilities"] == ["SEED"]
    assert flux["parameters"][0] == {
        "name": "steps",
        "location": "FIELD",
        "type": "INTEGER",
        "default": 4,
        "minimum": 1,
        "maximum": 8,
        "multipleOf": None,
        "description": "Number of denoising steps. More steps are slower and often sharper, and "
        "may cost more.",
    }
    # The shared text of a setting has no example: no value is valid for every model.
    assert [
        (name, parameter["name"])
        for name, model in models.items()
        for parameter in model["parameters"]
        if parameter["location"] == "FIELD" and "such as" in parameter["description"]
    ] == []
    assert flux["imageInputs"] is None
    assert flux["defaultSize"] == {"width": 1024, "height": 1024}
    inpainting = models["@cf/runwayml/stable-diffusion-v1-5-inpainting"]
    assert inpainting["imageInputs"] == {
        "minimum": 1,
        "maximum": 1,
        "takesMask": True,
        "needsMask": True,
    }
    assert models[SDXL]["costPerImage"] == 0.02
    assert all(model["isAvailable"] for model in models.values())


@pytest.mark.parametrize(
    ("where", "has"),
    [
        ("{}", lambda _model: True),
        ("{capabilities: [NEGATIVE_PROMPT]}", lambda model: "negative_prompt" in model.parameters),
        (
            "{capabilities: [REFERENCE_IMAGES, SIZE]}",
            lambda model: (
                "width" in model.parameters
                and model.image_inputs is not None
                and model.image_inputs.form == "reference"
            ),
        ),
        ("{speed: SLOW}", lambda model: model.speed == "slow"),
        ("{isRecommended: true}", lambda model: model.is_recommended),
        ("{isBeta: false}", lambda model: not model.is_beta),
        ("{isBeta: true, capabilities: [REFERENCE_IMAGES]}", lambda _model: False),
    ],
)
async def test_models_are_narrowed(
    app: RunningApp, where: str, has: Callable[[Model], bool]
) -> None:
    data = await app.ask("{ models(filter: %s) { id } }" % where)
    expected = [model.id for model in load_catalogue().models if has(model)]
    assert [model["id"] for model in data["models"]] == expected


async def test_a_model_is_found_by_its_name(app: RunningApp) -> None:
    data = await app.ask('{ model(id: "%s") { name } none: model(id: "@cf/x/y") { id } }' % FLUX)
    assert data == {"model": {"name": "Flux 1 Schnell"}, "none": None}


def test_an_old_image_keeps_a_model_that_has_left_the_catalogue() -> None:
    catalogue = load_catalogue()
    models = ShapedCatalogue(catalogue, load_price_book(catalogue)).models()
    retired = models["@cf/old/dream-1"]
    assert (retired.name, retired.provider, retired.is_available) == ("dream-1", "old", False)
    assert models.find("@cf/old/dream-1") is None


def test_costs_follow_the_price_book_from_its_dates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
    monkeypatch.setattr("gql_server.api.models.catalogue.now", lambda: moment)
    path = tmp_path / "book.toml"
    path.write_text(
        '[[prices."%s"]]\nfrom = 2027-01-01\npicture = "0.5"\n'
        '[[provider."%s"]]\nfrom = 2027-01-01\nstep = {dollars = "0.1", neurons = "9"}'
        % (FLUX, FLUX)
    )
    catalogue = load_catalogue()
    shaped = ShapedCatalogue(catalogue, load_price_book(catalogue, path))
    assert shaped.models()[FLUX].cost_per_image == 0.01
    assert shaped.models() is shaped.models()
    moment = datetime(2027, 1, 1, tzinfo=UTC)
    assert shaped.models()[FLUX].cost_per_image == 0.5
    assert [(unit.price, unit.neurons) for unit in shaped.models()[FLUX].unit_prices] == [(0.1, 9)]


PERFORMANCE = """query P($id: ID!, $since: DateTime) { model(id: $id) { performance(since: $since) {
  since images failures refusals successRate medianSeconds p95Seconds } } }"""


async def test_what_everyone_makes_is_counted_for_admins_alone(app_with_keys: RunningApp) -> None:
    variables = {"id": FLUX, "since": "2100-01-01"}
    async with (
        client_of(app_with_keys, "root", Role.ADMIN) as admin,
        client_of(app_with_keys, "ann", Role.CREATOR) as ann,
        client_of(app_with_keys, "bob", Role.READER) as bob,
    ):
        for _ in range(3):
            await ann.image()
        shown = (await admin.ask(PERFORMANCE, **variables))["model"]["performance"]
        few = (await bob.ask(PERFORMANCE, **variables))["model"]["performance"]
        async with app_with_keys.services.database.write() as connection:
            rows = model_rollups_of(FLUX, Outcome.FAILED, at=now(), is_preview=True)
            await add_to_model_rollups(connection, [row._replace(generations=18) for row in rows])
        many = (await bob.ask(PERFORMANCE, **variables))["model"]["performance"]
    assert (shown["images"], shown["failures"], shown["successRate"]) == (3, 0, 1)
    hidden = dict.fromkeys(("images", "failures", "refusals"))
    assert hidden.items() <= few.items()
    assert (few["successRate"], few["medianSeconds"]) == (None, None)
    assert hidden.items() <= many.items()
    assert many["successRate"] == 0.14  # rounded: 3 of 21
    assert many["p95Seconds"] is not None
    # However short a window is asked for, theirs is a day or longer.
    window = datetime.fromisoformat(shown["since"]) - datetime.fromisoformat(many["since"])
    assert window >= timedelta(hours=23)
