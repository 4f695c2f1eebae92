from datetime import datetime, timedelta

import pytest

from gql_server.database.queries.periods import QUARTER, quarter_of
from gql_server.domain.clock import to_iso
from tests.support.running_app import CREATE_TEMPLATE, FLUX, SDXL, RunningApp

pytestmark = pytest.mark.anyio

ESTIMATE = """
query Estimate($input: CostEstimateInput!) {
  costEstimate(input: $input) {
    estimate { cost providerCost neurons }
    userErrors { __typename code path }
  }
}
"""


async def test_costs_are_summed_by_model(app: RunningApp) -> None:
    for _ in range(3):
        await app.image(model=FLUX)
    await app.image(model=SDXL)
    data = await app.ask(
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


async def test_nothing_made_costs_nothing(app: RunningApp) -> None:
    data = await app.ask(
        "{ costAnalytics { totalCost totalImages averageCost byModel { totalCost } } }"
    )
    assert data["costAnalytics"] == {
        "totalCost": 0.0,
        "totalImages": 0,
        "averageCost": 0.0,
        "byModel": [],
    }


async def test_a_span_is_taken_to_quarters_and_returned(app: RunningApp) -> None:
    image = await app.image()
    quarter = quarter_of(datetime.fromisoformat(image["createdAt"]))
    after = to_iso(quarter + QUARTER)
    query = """query S($since: DateTime, $until: DateTime) {
      costAnalytics(since: $since, until: $until) { since until totalImages }
    }"""
    within = await app.ask(query, since=image["createdAt"], until=image["createdAt"])
    assert within["costAnalytics"] == {
        "since": to_iso(quarter),
        "until": after,
        "totalImages": 1,
    }
    for span, count in (
        ({"since": after}, 0),
        ({"until": to_iso(quarter)}, 0),
        ({"since": to_iso(quarter), "until": after}, 1),
        ({"since": (quarter + timedelta(hours=2)).isoformat().replace("+00:00", "+02:00")}, 1),
    ):
        found = await app.ask(query, **span)
        assert found["costAnalytics"]["totalImages"] == count, span


async def test_everything_of_the_analytics_can_be_requested_at_once(app: RunningApp) -> None:
    template = (await app.ask(CREATE_TEMPLATE))["createTemplate"]["template"]["id"]
    image = await app.image(templateId=template)
    await app.image(model=SDXL)
    data = await app.ask(
        """query All($since: DateTime!) { costAnalytics(since: $since) {
          totalCost totalImages averageCost projectedMonthCost
          byModel { model { id } totalImages }
          byTemplate { templateId template { name } totalCost }
          byUser { userId totalCost }
          timeline(interval: HOUR, timeZone: "Asia/Kathmandu") { startsAt endsAt totalImages }
          previous { totalCost totalImages }
        } }""",
        since=image["createdAt"],
    )
    costs = data["costAnalytics"]
    assert (costs["totalCost"], costs["totalImages"]) == (0.03, 2)
    assert costs["projectedMonthCost"] >= 0.03
    assert costs["byTemplate"] == [
        {"templateId": None, "template": None, "totalCost": 0.02},
        {"templateId": template, "template": {"name": "T"}, "totalCost": 0.01},
    ]
    assert costs["byUser"] == [{"userId": "default_user", "totalCost": 0.03}]
    assert sum(period["totalImages"] for period in costs["timeline"]) == 2
    assert costs["previous"] == {"totalCost": 0.0, "totalImages": 0}


async def test_analytics_are_narrowed(app: RunningApp) -> None:
    template = (await app.ask(CREATE_TEMPLATE))["createTemplate"]["template"]["id"]
    await app.image(templateId=template)
    await app.image(model=SDXL)
    query = "query F($filter: CostFilter) { costAnalytics(filter: $filter) { totalCost } }"
    for where, cost in (
        ({"models": [SDXL]}, 0.02),
        ({"templates": [template]}, 0.01),
        ({"models": [SDXL], "templates": [template]}, 0.0),
        ({"models": []}, 0.0),
        (None, 0.03),
    ):
        assert (await app.ask(query, filter=where))["costAnalytics"]["totalCost"] == cost
    answer = await app.answer(query, filter={"models": ["\u0000"]})
    assert answer["errors"][0]["extensions"] == {
        "code": "BAD_REQUEST",
        "arguments": [["filter", "models"]],
    }


async def test_a_timeline_of_no_zone_is_reported(app: RunningApp) -> None:
    answer = await app.answer(
        '{ costAnalytics { timeline(timeZone: "Mars/Olympus") { totalCost } } }'
    )
    assert answer["errors"][0]["extensions"] == {"code": "BAD_REQUEST", "arguments": [["timeZone"]]}


async def test_a_span_that_ends_before_it_begins_is_reported(app: RunningApp) -> None:
    answer = await app.answer(
        '{ costAnalytics(since: "2026-02-01T00:00:00Z", until: "2026-01-01T00:00:00Z") '
        "{ totalCost } }"
    )
    assert answer["errors"][0]["extensions"] == {"code": "BAD_REQUEST", "arguments": [["until"]]}


@pytest.mark.parametrize(
    "moment",
    [
        "2026-01-01T00:00:00",
        "2026-W01-1",
        "20260101",
        "tomorrow",
        "0001-01-01T00:00:00+14:00",
        1,
        None,
    ],
)
async def test_a_moment_needs_its_form(app: RunningApp, moment: object) -> None:
    answer = await app.answer(
        "query S($since: DateTime!) { costAnalytics(since: $since) { totalCost } }", since=moment
    )
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_REQUEST"
    if isinstance(moment, str):
        assert "2026-01-15T10:30:00.000Z" in error["message"]


async def test_a_date_is_the_start_of_its_day(app: RunningApp) -> None:
    query = "query S($since: DateTime!) { costAnalytics(since: $since) { since } }"
    answer = await app.ask(query, since="2026-11-20")
    assert answer["costAnalytics"]["since"] == "2026-11-20T00:00:00.000Z"


async def test_an_estimate_is_the_price_that_is_charged(app: RunningApp) -> None:
    image_input = {"prompt": "A red fox", "model": "@cf/leonardo/phoenix-1.0", "steps": 10}
    estimate = await app.ask(ESTIMATE, input={"image": image_input})
    image = await app.image(**image_input)
    assert estimate["costEstimate"]["userErrors"] == []
    assert estimate["costEstimate"]["estimate"] == {
        "cost": image["cost"],
        "providerCost": image["providerCost"],
        "neurons": image["neurons"],
    }
    assert image["cost"] == 4 * 0.00583 + 10 * 0.00011


async def test_an_estimate_reports_what_would_be_refused(app: RunningApp) -> None:
    data = await app.ask(ESTIMATE, input={"image": {"prompt": "A", "model": "@cf/no/model"}})
    assert data["costEstimate"]["estimate"] is None
    assert {error["__typename"] for error in data["costEstimate"]["userErrors"]} == {
        "InvalidInput",
        "ModelNotFound",
    }
    assert [error["path"] for error in data["costEstimate"]["userErrors"]] == [
        ["input", "image", "model"],
        ["input", "image", "prompt"],
    ]


async def test_an_estimate_of_nothing_is_refused(app: RunningApp) -> None:
    for empty in ({}, {"image": None}):
        answer = await app.answer(ESTIMATE, input=empty)
        assert answer["errors"][0]["extensions"]["code"] == "BAD_REQUEST"
