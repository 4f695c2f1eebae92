"""``gql-server models refresh``, against the stand-in of Cloudflare's lists, and its overrides."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from gql_server.cli.root import cli
from gql_server.domain.clock import now
from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.catalogue_changes import compare_models
from gql_server.inference.override_files import adopt
from gql_server.inference.overrides import OverridesError, read_overrides
from gql_server.inference.workers_ai.account_models import fetch_account_models
from gql_server.ledger.prices.price_book import load_price_book
from tests.support.process import workers_ai_environment
from tests.support.running_app import running_app
from tests.support.third_party_models import THIRD_PARTY
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import failure, success

FLUX = "@cf/black-forest-labs/flux-1-schnell"
KLEIN = "@cf/black-forest-labs/flux-2-klein-4b"
KLEIN_9B = "@cf/black-forest-labs/flux-2-klein-9b"
SEEDREAM = "bytedance/seedream-4.5"
WAN = "alibaba/wan-2.6-image"

MATCHES = "Cloudflare's models match the catalogue.\n"

Run = Callable[..., Result]


@pytest.fixture
def run(fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    for name, value in workers_ai_environment(fake_workers_ai).items():
        monkeypatch.setenv(name, value)

    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(cli, ["models", *arguments])
        assert "Traceback" not in result.output
        assert fake_workers_ai.token not in result.output
        return result

    return invoke


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the stand-in list a new model, a changed one, two that end, and leave out two."""
    lists = "tests.support.workers_ai_catalogue"
    schema: dict[str, Any] = json.loads(json.dumps(THIRD_PARTY[SEEDREAM].schema))
    schema["properties"]["size"]["enum"] = ["2K", "3K"]
    schema["properties"]["seed"] = {"type": "integer"}
    others = {**THIRD_PARTY, "bytedance/seedream-6": THIRD_PARTY[SEEDREAM]}
    del others["google/nano-banana"]
    monkeypatch.setattr(f"{lists}.THIRD_PARTY", others)
    hosted = f"{lists}.MODELS"
    kept = {name: rules for name, rules in _hosted().items() if name != KLEIN}
    monkeypatch.setattr(hosted, kept)
    end = {"property_id": "planned_deprecation_date", "value": "2027-01-31"}
    monkeypatch.setattr(
        f"{lists}.LISTED",
        {
            FLUX: {"properties": [end]},
            WAN: {"deprecated": True},
            SEEDREAM: {"schema": {"input": schema}, "pricing": {"Per image": 0.04}},
        },
    )


def _hosted() -> dict[str, Any]:
    from tests.support.workers_ai_models import MODELS  # noqa: PLC0415 - the unchanged ones

    return dict(MODELS)


def test_nothing_differs_at_first(run: Run, fake_workers_ai: FakeWorkersAI) -> None:
    result = run("refresh", "--write", "models.toml")
    assert (result.exit_code, result.output.startswith(MATCHES)) == (0, True)
    assert not Path("models.toml").exists()
    fake_workers_ai.catalog_reply = failure(7003, 404)
    assert "no models of other providers" in run("refresh").output


@pytest.mark.usefixtures("changed")
def test_what_differs_is_listed_and_a_file_adopts_it(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = f'# mine\n[overrides."{SEEDREAM}"]\nname = "Dream"\n'
    Path("mine.toml").write_text(mine)
    monkeypatch.setenv("MODEL_OVERRIDES", "mine.toml")
    result = run("refresh", "--write", "models.toml")
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.output.splitlines()]
    assert lines[0] == "change model what here Cloudflare"
    assert set(lines[1:8]) == {
        f"deprecated {FLUX} model current ends on 2027-01-31; use {KLEIN_9B}",
        f"gone {KLEIN} model offered not listed; use {KLEIN_9B}",
        f"deprecated {WAN} model current deprecated; use alibaba/qwen-image-3.0-pro",
        f"changed {SEEDREAM} size 2K, 4K 2K, 3K",
        f"changed {SEEDREAM} seed not known a setting",
        "gone google/nano-banana model offered not listed; use google/nano-banana-2-lite",
        "new bytedance/seedream-6 model not known 0.04 USD Per image",
    }
    assert lines[8].startswith(f"{SEEDREAM} must be changed by hand: the file in use already has")
    written = Path("models.toml").read_text()
    assert written.startswith(mine)
    assert "# bytedance/seedream-6: 0.04 USD Per image" in written

    changed = load_catalogue(overrides=read_overrides(Path("models.toml")))
    flux = changed.get(FLUX)
    assert flux is not None
    assert (flux.status, flux.replaced_by) == ("deprecated", KLEIN_9B)
    assert changed.get(KLEIN) is None
    assert changed.withdrawn[KLEIN].endswith(f"Use {KLEIN_9B}.")
    img2img = changed.get("@cf/runwayml/stable-diffusion-v1-5-img2img")
    assert img2img is not None
    assert img2img.replaced_by is None  # what it named is withdrawn
    load_price_book(changed)
    monkeypatch.setenv("MODEL_OVERRIDES", "models.toml")
    again = run("refresh").output
    assert SEEDREAM in again
    assert FLUX not in again.replace("use @cf", "")
    assert "withdrawn" in run(KLEIN).output


@pytest.mark.usefixtures("changed")
def test_a_setting_that_is_narrower_or_gone_is_adopted_if_the_model_still_fits(run: Run) -> None:
    refused = run("refresh", "--write", "no/such/folder.toml")
    assert (refused.exit_code, "no/such/folder.toml: No such" in refused.output) == (1, True)
    assert run("refresh", "--write", "models.toml").exit_code == 0
    again = run("refresh", "--write", "models.toml")
    assert (again.exit_code, "--force replaces it" in again.output) == (1, True)
    model = load_catalogue(overrides=read_overrides(Path("models.toml"))).get(SEEDREAM)
    assert model is not None
    assert model.parameters["size"].choices == ("2K",)


@pytest.mark.anyio
@pytest.mark.usefixtures("changed")
async def test_the_server_offers_what_the_file_says(
    fake_workers_ai: FakeWorkersAI, tmp_path: Path
) -> None:
    added = """
[[models]]
id = "new/one"
name = "New"
provider = "New"
description = "A model that came after the release."
request = "run"
answer = "address"
attempt_kind = "third_party"
speed = "fast"
quality = "high"
typical_seconds = { minimum = 1, maximum = 2 }
max_prompt_length = 100
fixed_size = { width = 512, height = 512 }
prices = [{ unit = "image", dollars = "0.5" }]

[models.parameters]
"""
    catalogue = load_catalogue()
    listed = await fetch_account_models(
        account_id=fake_workers_ai.account_id,
        api_token=fake_workers_ai.token,
        base_url=fake_workers_ai.base_url,
        known={model.id for model in catalogue.models},
    )
    today = now().date()
    adopted = adopt("", compare_models(catalogue, listed, on=today), on=today)
    path = tmp_path / "models.toml"
    path.write_text(adopted.text + added)
    generate = "mutation($input: GenerateImageInput!) { generateImage(input: $input) {"
    generate += " image { cost model { name } } userErrors { message code } } }"
    async with running_app(tmp_path, {"model_overrides": path}) as app:
        made = await app.ask(generate, input={"prompt": "A red fox", "model": "new/one"})
        gone = await app.ask(generate, input={"prompt": "A red fox", "model": KLEIN})
        noted = await app.ask(f'{{ model(id: "{FLUX}") {{ status replacement {{ note }} }} }}')
    assert made["generateImage"]["image"] == {"cost": 0.5, "model": {"name": "New"}}
    (error,) = gone["generateImage"]["userErrors"]
    assert error["code"] == "MODEL_NOT_FOUND"
    assert f"Use {KLEIN_9B}." in error["message"]
    assert noted["model"] == {
        "status": "DEPRECATED",
        "replacement": {"note": "Cloudflare stops this model on 2027-01-31."},
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[overrides."no/model"]\nname = "A"', "no/model is no model of the catalogue"),
        (f'[overrides."{FLUX}"]\nstatus = "deprecated"', "needs status_note"),
        (f'[overrides."{FLUX}"]\nremoved_parameters = 1', "removed_parameters"),
        ("[other]", "other: Extra inputs"),
        ("[", "models.toml: "),
        ('[[models]]\nid = "a/b"', "name: Field required"),
    ],
)
def test_an_error_in_the_file_is_reported_with_its_place(
    run: Run, monkeypatch: pytest.MonkeyPatch, text: str, message: str
) -> None:
    Path("models.toml").write_text(text)
    monkeypatch.setenv("MODEL_OVERRIDES", "models.toml")
    result = run("list")
    assert (result.exit_code, message in result.output) == (1, True), result.output
    assert result.output.startswith("MODEL_OVERRIDES: models.toml")


def test_an_error_of_the_service_names_the_setting(
    run: Run, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_workers_ai.catalog_reply = success({"models": []})
    assert run("refresh").output.startswith("WORKERS_AI_BASE_URL: the response is not a list")
    fake_workers_ai.catalog_reply = failure(None, 500)
    assert run("refresh").output.startswith("WORKERS_AI_BASE_URL: the service failed")
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "another")
    assert run("refresh").output.startswith("CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_API_TOKEN: the")
    monkeypatch.setenv("MODEL_OVERRIDES", "none.toml")
    assert run().output.startswith("MODEL_OVERRIDES: none.toml: No such file")
    monkeypatch.delenv("MODEL_OVERRIDES")
    monkeypatch.delenv("CLOUDFLARE_ACCOUNT_ID")
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN")
    assert "set them to read" in run("refresh").output
    with pytest.raises(OverridesError):
        read_overrides(Path("none.toml"))
