"""GET /v1/models, and the names that stand for models."""

import pytest

from gql_server.bootstrap.model_aliases import BUILT_IN, model_aliases
from gql_server.bootstrap.resources import StartError
from gql_server.inference.catalogue import load_catalogue
from gql_server.settings import SettingsError, load_settings
from tests.openai.calls import GENERATIONS, error
from tests.support.running_app import FLUX, RunningApp

pytestmark = pytest.mark.anyio

CATALOGUE = load_catalogue()


async def test_models_and_aliases_are_listed_and_read(user: RunningApp) -> None:
    listed = (await user.client.get("/v1/models")).json()
    assert listed["object"] == "list"
    names = [one["id"] for one in listed["data"]]
    assert names == [*(model.id for model in CATALOGUE.models), *BUILT_IN]
    for name in (FLUX, FLUX.replace("/", "%2F"), "gpt-image-1", "openai/gpt-image-2"):
        model = (await user.client.get(f"/v1/models/{name}")).json()
        assert model["object"] == "model"
        assert model["id"] == name.replace("%2F", "/")
        assert model in listed["data"]
    for name in ("nope", "", "%E2%82%AC"):
        response = await user.client.get(f"/v1/models/{name}")
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "model_not_found"


async def test_an_unknown_model_is_not_found(user: RunningApp) -> None:
    found = await error(user, GENERATIONS, 404, json={"prompt": "A red fox", "model": "nope"})
    assert found == {
        "message": 'There is no model "nope". GET /v1/models lists the models.',
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
    }


def test_an_operators_aliases_replace_add_and_remove() -> None:
    settings = load_settings(openai_model_aliases=f"dall-e-3={FLUX}, mine = {FLUX}  a , dall-e-2=")
    given = settings.openai_model_aliases
    assert given is not None
    assert given == {"dall-e-3": (FLUX,), "mine": (FLUX, "a"), "dall-e-2": ()}
    found = model_aliases({**given, "mine": (FLUX,)}, CATALOGUE)
    assert found["dall-e-3"] == found["mine"] == (FLUX,)
    assert "dall-e-2" not in found
    assert found["gpt-image-1"] == BUILT_IN["gpt-image-1"]


@pytest.mark.parametrize("value", ["dall-e-3", "=a", "a=b,a=c", '{"a": "b"}'])
def test_aliases_that_are_none_are_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="OPENAI_MODEL_ALIASES"):
        load_settings(openai_model_aliases=value)


def test_aliases_of_unknown_models_keep_the_server_from_starting() -> None:
    for given, words in (
        ({"mine": ("nope",)}, "names an unknown model, nope"),
        ({FLUX: (FLUX,)}, "is a model"),
    ):
        with pytest.raises(StartError, match=words):
            model_aliases(given, CATALOGUE)
