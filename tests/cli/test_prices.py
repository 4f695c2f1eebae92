"""``gql-server prices refresh``, against the stand-in of Cloudflare's list."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gql_server.cli.root import cli
from gql_server.domain.clock import now
from gql_server.inference.catalogue import load_catalogue
from gql_server.ledger.prices.price_book import ImageSize, Price, load_price_book
from tests.support.process import workers_ai_environment
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import failure
from tests.support.workers_ai_models import MODELS, ModelRules

CATALOGUE = load_catalogue()
FLUX = "@cf/black-forest-labs/flux-1-schnell"
PHOENIX = "@cf/leonardo/phoenix-1.0"
SDXL = "@cf/stabilityai/stable-diffusion-xl-base-1.0"

AGREES = "Cloudflare's models and prices match those in use.\n"

Refresh = Callable[..., Result]


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> dict[str, ModelRules]:
    """What the stand-in lists, for a test to change."""
    models = dict(MODELS)
    monkeypatch.setattr("tests.support.workers_ai_catalogue.MODELS", models)
    return models


@pytest.fixture
def refresh(
    fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Refresh:
    monkeypatch.chdir(tmp_path)
    for name, value in workers_ai_environment(fake_workers_ai).items():
        monkeypatch.setenv(name, value)

    def run(*arguments: str) -> Result:
        result = CliRunner().invoke(cli, ["prices", "refresh", *arguments])
        assert "Traceback" not in result.output
        assert fake_workers_ai.token not in result.output
        return result

    return run


def price_each(listed: dict[str, ModelRules], model_id: str, *units: tuple[str, float]) -> None:
    listed[model_id] = replace(listed[model_id], price=units)


def price(path: Path, model_id: str, steps: int, *, days: int = 1) -> Price:
    model = CATALOGUE.get(model_id)
    assert model is not None
    size = ImageSize(width=1024, height=1024, steps=steps)
    return load_price_book(CATALOGUE, path).price(model, size, at=now() + timedelta(days=days))


def test_nothing_differs_at_first(refresh: Refresh) -> None:
    result = refresh("--write", "book.toml")
    assert (result.exit_code, result.output.startswith(AGREES)) == (0, True)
    assert not Path("book.toml").exists()


def test_what_differs_is_a_table_of_models_and_units(
    refresh: Refresh, listed: dict[str, ModelRules]
) -> None:
    price_each(listed, FLUX, ("per 512 by 512 tile", 0.0000528), ("per step", 0.0001))
    price_each(listed, PHOENIX)
    price_each(listed, "@cf/leonardo/lucid-origin", ("per picture", 0.1))
    listed["@cf/new/one"] = listed.pop(SDXL)
    result = refresh()
    assert result.exit_code == 0
    header, *lines = [line.split(maxsplit=2) for line in result.output.splitlines()]
    assert header[:2] == ["model", "what"]
    assert {(line[0], line[1], " ".join(line[2].split())) for line in lines} == {
        (FLUX, "step", "0.0001056 0.0001"),
        (PHOENIX, "price", "known none"),
        ("@cf/leonardo/lucid-origin", "price", "cannot read it 0.1 USD per picture"),
        (SDXL, "model", "known not listed"),
        ("@cf/new/one", "model", "not known listed"),
    }
    assert list(Path().iterdir()) == []


def test_the_book_that_is_written_changes_prices_from_now_on(
    refresh: Refresh, listed: dict[str, ModelRules], monkeypatch: pytest.MonkeyPatch
) -> None:
    price_each(listed, PHOENIX, ("per 512 by 512 tile", 0.00583), ("per step", 0.00022))
    price_each(listed, SDXL, ("per step", 0.0011))
    path = Path("book.toml")
    result = refresh("--write", "book.toml")
    assert result.exit_code == 0
    assert "Wrote book.toml" in result.output
    phoenix, sdxl = price(path, PHOENIX, 25), price(path, SDXL, 20)
    assert phoenix.cost == phoenix.provider_cost == 4 * 5_830_000 + 25 * 220_000
    assert phoenix.neurons == 4 * 530_000 + 25 * 20_000  # the tile's stay as Cloudflare lists them
    assert (sdxl.cost, sdxl.provider_cost) == (20_000_000, 20 * 1_100_000)
    assert sdxl.neurons == 20 * 100_000
    assert price(path, PHOENIX, 25, days=-1).provider_cost == 26_070_000
    monkeypatch.setenv("PRICE_BOOK", "book.toml")
    assert refresh().output == AGREES


def test_the_book_in_use_stays_in_front_of_what_is_written(
    refresh: Refresh, listed: dict[str, ModelRules], monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = f'# mine\n[prices."{PHOENIX}"]\npicture = "0.5"\n'
    path = Path("mine.toml")
    path.write_text(mine)
    monkeypatch.setenv("PRICE_BOOK", "mine.toml")
    price_each(listed, PHOENIX, ("per step", 0.0001))
    refused = refresh("--write", "mine.toml")
    assert refused.exit_code == 1
    assert "mine.toml is there already; --force replaces it" in refused.output
    assert path.read_text() == mine
    assert refresh("--write", "mine.toml", "--force").exit_code == 0
    assert path.read_text().startswith(mine)
    phoenix = price(path, PHOENIX, 25)
    assert (phoenix.cost, phoenix.provider_cost) == (500_000_000, 25 * 100_000)
    assert [entry.name for entry in Path().iterdir()] == ["mine.toml"]
    path.write_text(f'[provider."{PHOENIX}"]\nstep = {{dollars = "1", neurons = "1"}}')
    clash = refresh("--write", "new.toml")
    assert (clash.exit_code, 'write [[provider."…"]]' in clash.output) == (1, True)


def test_an_error_names_the_setting_and_ends_with_1(
    refresh: Refresh, fake_workers_ai: FakeWorkersAI, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_workers_ai.search_reply = failure(None, 500)
    result = refresh()
    assert (result.exit_code, result.output[:21]) == (1, "WORKERS_AI_BASE_URL: ")
    fake_workers_ai.search_reply = None
    assert refresh("--write", "no/such/folder.toml").exit_code == 0  # nothing is to be written
    monkeypatch.setenv("CLOUDFLARE_API_TOKEN", "another")
    result = refresh()
    assert result.exit_code == 1
    assert result.output.startswith("CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_API_TOKEN: the token or the")
    monkeypatch.setenv("PRICE_BOOK", "none.toml")
    assert "none.toml" in refresh().output
    monkeypatch.delenv("CLOUDFLARE_ACCOUNT_ID")
    monkeypatch.delenv("CLOUDFLARE_API_TOKEN")
    monkeypatch.delenv("PRICE_BOOK")
    result = refresh()
    assert (result.exit_code, "set them" in result.output) == (1, True)


def test_a_file_that_cannot_be_written_is_reported(
    refresh: Refresh, listed: dict[str, ModelRules]
) -> None:
    price_each(listed, PHOENIX, ("per step", 0.0001))
    result = refresh("--write", "no/such/folder.toml")
    assert result.exit_code == 1
    assert "no/such/folder.toml: No such file or directory" in result.output
