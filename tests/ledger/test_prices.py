from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.unit_prices import PriceUnit
from gql_server.inference.workers_ai.listing import ListedModel
from gql_server.ledger.prices.files import PriceBookError
from gql_server.ledger.prices.price_book import ImageSize, Price, PriceBook, load_price_book
from gql_server.ledger.prices.refresh import compare_prices

CATALOGUE = load_catalogue()
FLUX = "@cf/black-forest-labs/flux-1-schnell"
KLEIN_4B = "@cf/black-forest-labs/flux-2-klein-4b"
KLEIN_9B = "@cf/black-forest-labs/flux-2-klein-9b"
DEV = "@cf/black-forest-labs/flux-2-dev"
PHOENIX = "@cf/leonardo/phoenix-1.0"
SDXL = "@cf/stabilityai/stable-diffusion-xl-base-1.0"


def price(
    book: PriceBook,
    model_id: str,
    width: int = 1024,
    height: int = 1024,
    steps: int = 0,
    inputs: tuple[tuple[int, int], ...] = (),
    at: datetime = datetime(2026, 11, 22, tzinfo=UTC),
) -> Price:
    model = CATALOGUE.get(model_id)
    assert model is not None
    size = ImageSize(width=width, height=height, steps=steps, inputs=inputs)
    return book.price(model, size, at=at)


@pytest.mark.parametrize(
    ("model_id", "size", "provider_cost", "neurons"),
    [
        # The reference's figures.
        (FLUX, (1024, 1024, 4), 633_600, 57_600),
        (KLEIN_9B, (1024, 1024, 0), 15_000_000, 1_363_640),
        (KLEIN_9B, (1920, 1024, 0), 17_000_000, 1_545_460),
        (PHOENIX, (1024, 1024, 25), 26_070_000, 2_370_000),
        # A started tile and a started megapixel count whole.
        (PHOENIX, (1025, 512, 0), 3 * 5_830_000, 3 * 530_000),
        (KLEIN_9B, (1032, 1024, 0), 17_000_000, 1_545_460),
        (SDXL, (1024, 1024, 20), 0, 0),
    ],
)
def test_the_provider_bills_tiles_steps_and_megapixels(
    model_id: str, size: tuple[int, int, int], provider_cost: int, neurons: int
) -> None:
    found = price(load_price_book(CATALOGUE), model_id, *size)
    assert (found.provider_cost, found.neurons) == (provider_cost, neurons)


@pytest.mark.parametrize(
    ("model_id", "provider_cost"),
    [
        (KLEIN_4B, 4 * 287_000 + 2 * 59_000),
        (KLEIN_9B, 15_000_000 + 2 * 2_000_000),
        (DEV, 10 * (4 * 410_000 + 2 * 210_000)),
    ],
)
def test_the_provider_bills_input_images(model_id: str, provider_cost: int) -> None:
    inputs = ((512, 384), (64, 64))
    found = price(load_price_book(CATALOGUE), model_id, steps=10, inputs=inputs)
    assert found.provider_cost == provider_cost


def test_users_pay_the_book_and_else_the_providers_price() -> None:
    book = load_price_book(CATALOGUE)
    assert price(book, FLUX, steps=8).cost == 10_000_000
    assert price(book, SDXL).cost == 20_000_000
    phoenix = price(book, PHOENIX, steps=25)
    assert phoenix.cost == phoenix.provider_cost


def test_an_operators_book_replaces_prices_flat_and_by_unit(tmp_path: Path) -> None:
    path = tmp_path / "book.toml"
    path.write_text(
        f"""
        [prices."{FLUX}"]
        picture = "0.002"
        output_tile = "0.0001"
        step = "0.000000001"

        [prices."{PHOENIX}"]
        picture = "0"
        """
    )
    book = load_price_book(CATALOGUE, path)
    assert price(book, FLUX, steps=4).cost == 2_000_000 + 4 * 100_000 + 4
    assert price(book, FLUX, steps=4).provider_cost == 633_600
    assert price(book, PHOENIX, steps=25).cost == 0
    assert price(book, SDXL).cost == 20_000_000


def test_a_price_holds_from_its_date(tmp_path: Path) -> None:
    path = tmp_path / "book.toml"
    path.write_text(
        f"""
        [[prices."{FLUX}"]]
        from = 2027-01-01
        picture = "0.02"

        [[prices."{FLUX}"]]
        from = 2026-12-24T18:00:00+01:00
        step = "0.001"

        [[prices."{PHOENIX}"]]
        picture = "0.03"

        [[prices."{PHOENIX}"]]
        from = 2027-01-01
        picture = "0.04"
        """
    )
    book = load_price_book(CATALOGUE, path)
    eve = datetime(2026, 12, 24, 17, tzinfo=UTC)
    year = datetime(2027, 1, 1, tzinfo=UTC)
    tick = timedelta(milliseconds=1)
    for moment, flux, phoenix in (
        (eve - tick, 10_000_000, 30_000_000),
        (eve, 4_000_000, 30_000_000),
        (year - tick, 4_000_000, 30_000_000),
        (year, 20_000_000, 40_000_000),
        (year + timedelta(days=999), 20_000_000, 40_000_000),
    ):
        assert price(book, FLUX, steps=4, at=moment).cost == flux
        assert price(book, PHOENIX, steps=25, at=moment).cost == phoenix
    assert book.next_change(after=eve - tick) == eve
    assert book.next_change(after=eve) == year
    assert book.next_change(after=year) is None


def test_a_book_may_say_what_the_provider_bills(tmp_path: Path) -> None:
    path = tmp_path / "book.toml"
    path.write_text(
        f"""
        [[provider."{PHOENIX}"]]
        from = 2027-01-01
        output_tile = {{ dollars = "0.006", neurons = "545.455" }}
        """
    )
    book = load_price_book(CATALOGUE, path)
    year = datetime(2027, 1, 1, tzinfo=UTC)
    before = price(book, PHOENIX, steps=25, at=year - timedelta(milliseconds=1))
    assert (before.cost, before.provider_cost, before.neurons) == (26_070_000,) * 2 + (2_370_000,)
    after = price(book, PHOENIX, steps=25, at=year)
    assert (after.cost, after.provider_cost, after.neurons) == (24_000_000,) * 2 + (2_181_820,)
    assert book.next_change(after=year - timedelta(days=1)) == year


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (None, "No such file"),
        (b"\xff", "UTF-8"),
        (b"[prices", "table"),
        (b'[prices."@cf/no/model"]\npicture = "1"', "@cf/no/model"),
        (b'[prices."%s"]\nhour = "1"' % FLUX.encode(), "hour"),
        (b'[prices."%s"]\npicture = "-1"' % FLUX.encode(), "zero or more"),
        (b'[prices."%s"]\npicture = "0.0000000001"' % FLUX.encode(), "billionth"),
        (b'[prices."%s"]\npicture = "cheap"' % FLUX.encode(), "picture"),
        (b'[prices."%s"]\npicture = 0.1' % FLUX.encode(), "text"),
        (b"[colours]", "colours"),
        (b'[prices."%s"]' % FLUX.encode(), "name a price"),
        (b'[prices]\n"%s" = []' % FLUX.encode(), "name a price"),
        (b'[prices."%s"]\nfrom = "2027-01-01"\npicture = "1"' % FLUX.encode(), "without quotes"),
        (b'[prices."%s"]\nfrom = 2027-01-01T00:00:00\npicture = "1"' % FLUX.encode(), "offset"),
        (b'[provider."@cf/no/model"]\nstep = {}', "@cf/no/model"),
        (b'[provider."%s"]\nstep = "1"' % FLUX.encode(), "step"),
        (b'[provider."%s"]\nstep = {dollars = "1"}' % FLUX.encode(), "neurons"),
        (b'[provider."%s"]\npicture = {dollars = "1", neurons = "1"}' % FLUX.encode(), "picture"),
        (b'[provider."%s"]' % FLUX.encode(), "name a price"),
        (
            b'[[prices."%s"]]\npicture = "1"\n[[prices."%s"]]\npicture = "2"'
            % (FLUX.encode(), FLUX.encode()),
            "same moment",
        ),
    ],
)
def test_a_wrong_book_is_refused_by_name(tmp_path: Path, content: bytes | None, named: str) -> None:
    path = tmp_path / "book.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PriceBookError) as caught:
        load_price_book(CATALOGUE, path)
    assert str(path) in str(caught.value)
    assert named in str(caught.value)


def test_tokens_without_a_price_of_their_own_cost_as_much_as_the_usual_ones() -> None:
    model = CATALOGUE.get("openai/gpt-image-2.5-flare")
    assert model is not None
    units = {price.unit: price.nano_dollars for price in model.prices}
    assert PriceUnit.OUTPUT_TEXT_TOKEN not in units
    usage = {PriceUnit.OUTPUT_TEXT_TOKEN: 300, PriceUnit.OUTPUT_IMAGE_TOKEN: 1000}
    size = ImageSize(width=1024, height=1024, steps=0, inputs=(), usage=usage)
    found = load_price_book(CATALOGUE).price(model, size, at=datetime(2026, 11, 22, tzinfo=UTC))
    assert found.provider_cost == 1300 * units[PriceUnit.OUTPUT_IMAGE_TOKEN]


def test_a_listed_model_of_another_provider_keeps_its_prices_by_setting() -> None:
    listed = ListedModel(
        id="pruna/p-image-upscale", unit_prices={PriceUnit.IMAGE: Decimal("0.5")}, unread=()
    )
    moment = datetime(2026, 11, 22, tzinfo=UTC)
    changes = compare_prices(CATALOGUE, load_price_book(CATALOGUE), [listed], at=moment)
    assert "pruna/p-image-upscale" not in changes.prices
    assert "pruna/p-image-upscale" not in [one.model_id for one in changes.differences]
