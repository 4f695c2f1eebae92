from datetime import UTC, datetime, timedelta

import pytest

from gql_server.domain.clock import to_iso
from tests.servers.product import FLUX, SDXL, Product

pytestmark = pytest.mark.anyio

ESTIMATE = """
query Estimate($input: CostEstimateInput!) {
  costEstimate(input: $input) {
    estimate { cost providerCost neurons }
    userErrors { __typename code path }
  }
}
"""


async def test_costs_are_summed_by_model(product: Product) -> None:
    for _ in range(3):
        await product.image(model=FLUX)
    await product.image(model=SDXL)
    data = await product.ask(
        """{ costAnalytics {
          since until totalCost totalImages averageCost providerCost neurons
          byModel { model { id } totalCost totalImages averageCost providerCost neurons }
        } }"""
    )
    assert data["costAnalytics"] == {
        "since": None,
        "until": None,
        "totalCost": 0.05,
        "totalImages": 4,
        "averageCost": 0.0125,
        "providerCost": 0.0,
        "neurons": 0.0,
        "byModel": [
            {
                "model": {"id": FLUX},
                "totalCost": 0.03,
                "totalImages": 3,
                "averageCost": 0.01,
                "providerCost": 0.0,
                "neurons": 0.0,
            },
            {
                "model": {"id": SDXL},
                "totalCost": 0.02,
                "totalImages": 1,
                "averageCost": 0.02,
                "providerCost": 0.0,
                "neurons": 0.0,
            },
        ],
    }


async def test_nothing_made_costs_nothing(product: Product) -> None:
    data = await product.ask(
        "{ costAnalytics { totalCost totalImages averageCost byModel { totalCost } } }"
    )
    assert data["costAnalytics"] == {
        "totalCost": 0.0,
        "totalImages": 0,
        "averageCost": 0.0,
        "byModel": [],
    }


async def test_a_span_narrows_and_is_told_back(product: Product) -> None:
    image = await product.image()
    moment = datetime.fromisoformat(image["createdAt"])
    later = to_iso(moment + timedelta(milliseconds=1))
    query = """query S($since: DateTime, $until: DateTime) {
      costAnalytics(since: $since, until: $until) { since until totalImages }
    }"""
    at = await product.ask(query, since=image["createdAt"], until=later)
    assert at["costAnalytics"] == {"since": image["createdAt"], "until": later, "totalImages": 1}
    after = await product.ask(query, since=later)
    assert after["costAnalytics"]["totalImages"] == 0
    before = await product.ask(query, until=image["createdAt"])
    assert before["costAnalytics"]["totalImages"] == 0
    east = moment.astimezone(UTC).replace(tzinfo=None).isoformat() + "+00:00"
    assert (await product.ask(query, since=east))["costAnalytics"]["totalImages"] == 1


async def test_a_span_that_ends_before_it_begins_is_told(product: Product) -> None:
    answer = await product.answer(
        '{ costAnalytics(since: "2026-02-01T00:00:00Z", until: "2026-01-01T00:00:00Z") '
        "{ totalCost } }"
    )
    assert answer["errors"][0]["extensions"] == {"code": "BAD_REQUEST", "argument": "until"}


@pytest.mark.parametrize(
    "moment",
    ["2026-01-01", "2026-01-01T00:00:00", "tomorrow", "0001-01-01T00:00:00+14:00", 1, None],
)
async def test_a_moment_needs_its_form(product: Product, moment: object) -> None:
    answer = await product.answer(
        "query S($since: DateTime!) { costAnalytics(since: $since) { totalCost } }", since=moment
    )
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    if isinstance(moment, str):
        assert "2026-01-15T10:30:00.000Z" in error["message"]


async def test_an_estimate_is_the_price_that_is_charged(product: Product) -> None:
    picture = {"prompt": "A red fox", "model": "@cf/leonardo/phoenix-1.0", "steps": 10}
    estimate = await product.ask(ESTIMATE, input={"image": picture})
    image = await product.image(**picture)
    assert estimate["costEstimate"]["userErrors"] == []
    assert estimate["costEstimate"]["estimate"] == {
        "cost": image["cost"],
        "providerCost": image["providerCost"],
        "neurons": image["neurons"],
    }
    assert image["cost"] == 4 * 0.00583 + 10 * 0.00011


async def test_an_estimate_tells_what_would_be_refused(product: Product) -> None:
    data = await product.ask(ESTIMATE, input={"image": {"prompt": "A", "model": "@cf/no/model"}})
    assert data["costEstimate"]["estimate"] is None
    assert {error["__typename"] for error in data["costEstimate"]["userErrors"]} == {
        "InvalidInput",
        "ModelNotFound",
    }


async def test_an_estimate_of_nothing_is_refused(product: Product) -> None:
    for empty in ({}, {"image": None}):
        answer = await product.answer(ESTIMATE, input=empty)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
