"""Budgets as clients set, read and meet them."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from gql_server.domain.principal import Role
from tests.support.clients import client_of
from tests.support.running_app import FLUX, RunningApp, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import error

pytestmark = pytest.mark.anyio

BUDGET = """
id scope userId keyId period timeZone enforcement limit spent reserved remaining startsAt resetsAt
alerts { percent } createdAt updatedAt
"""
SET = (
    """mutation S($input: SetBudgetInput!) { setBudget(input: $input) {
  budget { %s } userErrors { __typename message code path } } }"""
    % BUDGET
)
REMOVE = """mutation R($id: ID!) { removeBudget(input: {id: $id}) {
  removedId userErrors { __typename code path ... on BudgetNotFound { budgetId } } } }"""
GENERATE = """mutation G($input: GenerateImageInput!) { generateImage(input: $input) {
  image { id }
  userErrors { __typename code path message
    ... on BudgetExceeded { limit spent reserved needed resetsAt } }
  warnings { __typename message ... on BudgetWarning { budget { limit spent reserved } } } } }"""
READ = (
    """{ budgets { %s } viewer { budget { id } budgets { id } }
    costAnalytics { budget { id limit remaining } budgets { id } } }"""
    % BUDGET
)


@pytest.fixture
async def app(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> AsyncIterator[RunningApp]:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai)) as running:
        yield running


async def set_budget(app: RunningApp, **changes: Any) -> dict[str, Any]:
    payload: dict[str, Any] = (
        await app.ask(SET, input={"limit": 0.02, "period": "MONTHLY"} | changes)
    )["setBudget"]
    return payload


async def generate(app: RunningApp, **changes: Any) -> dict[str, Any]:
    given = {"prompt": "A red fox", "model": FLUX} | changes
    payload: dict[str, Any] = (await app.ask(GENERATE, input=given))["generateImage"]
    return payload


async def test_a_budget_is_set_read_changed_and_removed(app: RunningApp) -> None:
    payload = await set_budget(app, timeZone="Asia/Tokyo")
    budget = payload["budget"]
    assert payload["userErrors"] == []
    assert budget["id"].startswith("bdg_")
    named = {name: budget[name] for name in ("scope", "userId", "keyId", "period", "timeZone")}
    assert named == {
        "scope": "SERVER",
        "userId": None,
        "keyId": None,
        "period": "MONTHLY",
        "timeZone": "Asia/Tokyo",
    }
    assert (budget["limit"], budget["spent"], budget["reserved"]) == (0.02, 0, 0)
    assert budget["remaining"] == 0.02
    assert budget["startsAt"] < budget["resetsAt"]
    assert budget["startsAt"].endswith("T15:00:00.000Z")
    changed = (await set_budget(app, limit=1, enforcement="SOFT"))["budget"]
    assert (changed["id"], changed["limit"]) == (budget["id"], 1)
    assert (changed["enforcement"], changed["timeZone"]) == ("SOFT", "UTC")
    users = (await set_budget(app, userId="default_user", period="DAILY", limit=5))["budget"]
    assert (users["scope"], users["userId"], users["period"]) == ("USER", "default_user", "DAILY")
    elses = (await set_budget(app, userId="eve"))["budget"]
    keys = (await set_budget(app, keyId="key_1"))["budget"]
    assert (keys["scope"], keys["keyId"]) == ("KEY", "key_1")
    found = await app.ask(READ)
    assert [one["id"] for one in found["budgets"]] == [
        one["id"] for one in (changed, users, elses, keys)
    ]
    assert found["costAnalytics"] == {
        "budget": {"id": users["id"], "limit": 5, "remaining": 5},
        "budgets": [{"id": changed["id"]}, {"id": users["id"]}],
    }
    assert found["viewer"] == {
        "budget": {"id": users["id"]},
        "budgets": found["costAnalytics"]["budgets"],
    }
    node = await app.ask(
        "query N($id: ID!) { node(id: $id) { id ... on Budget { limit } } }", id=users["id"]
    )
    assert node["node"] == {"id": users["id"], "limit": 5}
    removed = (await app.ask(REMOVE, id=users["id"]))["removeBudget"]
    assert removed == {"removedId": users["id"], "userErrors": []}
    (error,) = (await app.ask(REMOVE, id=users["id"]))["removeBudget"]["userErrors"]
    assert error == {
        "__typename": "BudgetNotFound",
        "code": "BUDGET_NOT_FOUND",
        "path": ["input", "id"],
        "budgetId": users["id"],
    }


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"limit": -1}, [["input", "limit"]]),
        ({"limit": 1e300}, [["input", "limit"]]),
        ({"timeZone": "Mars"}, [["input", "timeZone"]]),
        ({"limit": -1, "timeZone": "../x"}, [["input", "limit"], ["input", "timeZone"]]),
        ({"userId": "ann", "keyId": "key_1"}, [["input", "keyId"]]),
        ({"userId": ""}, [["input", "userId"]]),
        ({"keyId": "a\x00"}, [["input", "keyId"]]),
    ],
)
async def test_an_invalid_budget_is_refused_with_the_reasons(
    app: RunningApp, changes: dict[str, Any], paths: list[list[str]]
) -> None:
    payload = await set_budget(app, **changes)
    assert payload["budget"] is None
    assert [error["path"] for error in payload["userErrors"]] == paths
    assert (await app.ask(READ))["budgets"] == []


async def test_a_hard_budget_refuses_before_the_model_is_called(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    budget = (await set_budget(app))["budget"]
    for _ in range(2):
        assert (await generate(app))["userErrors"] == []
    payload = await generate(app)
    (error,) = payload["userErrors"]
    message = error.pop("message")
    assert payload["image"] is None
    assert error == {
        "__typename": "BudgetExceeded",
        "code": "BUDGET_EXCEEDED",
        "path": ["input"],
        "limit": 0.02,
        "spent": 0.02,
        "reserved": 0,
        "needed": 0.01,
        "resetsAt": budget["resetsAt"],
    }
    assert "$0.01 are missing" in message
    assert len(fake_workers_ai.requests) == 2
    estimate = await app.ask(
        """query E($image: GenerateImageInput!) { costEstimate(input: {image: $image}) {
        estimate { cost } userErrors { __typename } } }""",
        image={"prompt": "A red fox", "model": FLUX},
    )
    assert estimate["costEstimate"] == {
        "estimate": None,
        "userErrors": [{"__typename": "BudgetExceeded"}],
    }


async def test_a_soft_budget_warns_in_the_payload(app: RunningApp) -> None:
    await set_budget(app, limit=0.015, enforcement="SOFT", period="DAILY")
    assert (await generate(app))["warnings"] == []
    payload = await generate(app)
    assert payload["image"] is not None
    assert payload["warnings"] == [
        {
            "__typename": "BudgetWarning",
            "message": "The server's daily budget of $0.015 has been exceeded.",
            "budget": {"limit": 0.015, "spent": 0.01, "reserved": 0},
        }
    ]


async def test_a_failed_image_gives_its_money_back(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    await set_budget(app, limit=0.01)
    fake_workers_ai.next(error(5004, 400))
    assert (await generate(app))["image"] is None
    assert (await generate(app))["userErrors"] == []
    (budget,) = (await app.ask(READ))["budgets"]
    assert (budget["spent"], budget["reserved"]) == (0.01, 0)


async def test_what_a_budget_refused_is_not_remembered_under_its_key(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    budget = (await set_budget(app, limit=0))["budget"]
    (error,) = (await generate(app, idempotencyKey="k"))["userErrors"]
    assert error["__typename"] == "BudgetExceeded"
    await app.ask(REMOVE, id=budget["id"])
    first = await generate(app, idempotencyKey="k")
    assert first["userErrors"] == []
    assert (await generate(app, idempotencyKey="k"))["image"] == first["image"]
    assert len(fake_workers_ai.requests) == 1


async def test_a_keys_budget_bounds_what_is_requested_with_that_key(
    app_with_keys: RunningApp,
) -> None:
    viewer = "{ viewer { key { id } budget { spent scope } } }"
    async with (
        client_of(app_with_keys, "ann", Role.CREATOR) as bounded,
        client_of(app_with_keys, "ann", Role.CREATOR) as free,
        client_of(app_with_keys, "root", Role.ADMIN) as admin,
    ):
        key_id = (await bounded.ask(viewer))["viewer"]["key"]["id"]
        payload = await set_budget(admin, keyId=key_id, limit=0.01, period="DAILY")
        assert payload["userErrors"] == []
        outcomes = [await generate(client) for client in (bounded, bounded, free)]
        seen = [(await client.ask(viewer))["viewer"]["budget"] for client in (bounded, free)]
    assert [[error["__typename"] for error in one["userErrors"]] for one in outcomes] == [
        [],
        ["BudgetExceeded"],
        [],
    ]
    assert seen == [{"spent": 0.01, "scope": "KEY"}, None]


CREATE_KEY = """mutation Create($budget: ApiKeyBudgetInput) {
  createApiKey(input: {userId: "ann", role: CREATOR, budget: $budget}) {
    secret apiKey { id } budget { id scope keyId limit period timeZone enforcement }
    userErrors { path code } } }"""


async def test_a_key_is_made_with_a_budget_that_holds_from_its_first_image(
    app: RunningApp,
) -> None:
    budget = {"limit": 3.5, "period": "DAILY", "timeZone": "Europe/Berlin", "enforcement": "SOFT"}
    payload = (await app.ask(CREATE_KEY, budget=budget))["createApiKey"]
    assert payload["userErrors"] == []
    set_with_it = payload["budget"]
    assert set_with_it == {
        **budget,
        "id": set_with_it["id"],
        "scope": "KEY",
        "keyId": payload["apiKey"]["id"],
    }
    wrong = {"limit": -1, "timeZone": "Mars"}
    refused = (await app.ask(CREATE_KEY, budget=wrong))["createApiKey"]
    assert [refused["secret"], refused["apiKey"], refused["budget"]] == [None, None, None]
    assert refused["userErrors"] == [
        {"path": ["input", "budget", "limit"], "code": "OUT_OF_RANGE"},
        {"path": ["input", "budget", "timeZone"], "code": "INVALID"},
    ]
    assert (await app.ask(CREATE_KEY))["createApiKey"]["budget"] is None
    assert (await app.ask("{ apiKeys { totalCount } }"))["apiKeys"]["totalCount"] == 2


async def test_what_everyone_spends_of_the_servers_budget_is_for_admins(
    app_with_keys: RunningApp,
) -> None:
    figures = "scope limit spent reserved remaining"
    seen = (
        "{ viewer { budget { %s } budgets { %s } } costAnalytics { budget { %s } budgets { %s } } }"
    )
    by_id = "query B($id: ID!) { node(id: $id) { ... on Budget { %s } } }" % figures
    estimate = """query E($image: GenerateImageInput!) { costEstimate(input: {image: $image}) {
        userErrors { message ... on BudgetExceeded { limit spent reserved needed } } } }"""
    image = {"prompt": "A red fox", "model": FLUX}
    hidden = {"scope": "SERVER"} | dict.fromkeys(("limit", "spent", "reserved", "remaining"))
    async with (
        client_of(app_with_keys, "ann", Role.CREATOR) as ann,
        client_of(app_with_keys, "root", Role.ADMIN) as admin,
    ):
        budget = (await set_budget(admin, limit=0.0137, enforcement="SOFT"))["budget"]
        await set_budget(admin, limit=0.5, period="DAILY", userId="ann")
        await generate(admin)
        (warning,) = (await generate(ann))["warnings"]
        assert warning["message"] == "The server's monthly budget has been exceeded."
        assert warning["budget"] == {"limit": None, "spent": None, "reserved": None}
        (warning,) = (await generate(admin))["warnings"]
        assert warning["message"] == "The server's monthly budget of $0.0137 has been exceeded."
        assert warning["budget"]["spent"] == 0.02
        for node in (await ann.ask(seen % ((figures,) * 4))).values():
            assert node["budget"]["scope"] == "USER"
            assert [one["limit"] for one in node["budgets"]] == [None, 0.5]
            assert node["budgets"][0] == hidden
        assert (await ann.ask(by_id, id=budget["id"]))["node"] == hidden
        assert (await admin.ask(by_id, id=budget["id"]))["node"]["spent"] == 0.03
        await set_budget(admin, limit=0.0137)
        errors = [
            *(await generate(ann))["userErrors"],
            *(await ann.ask(estimate, image=image))["costEstimate"]["userErrors"],
        ]
        for error in errors:
            assert (error["limit"], error["spent"], error["reserved"]) == (None, None, None)
            assert error["needed"] == 0.01
            assert "0.0137" not in error["message"]
            assert "$0.03" not in error["message"]
        (error,) = (await admin.ask(estimate, image=image))["costEstimate"]["userErrors"]
        assert error["spent"] == 0.03
        assert "$0.0137 has $0.03 spent" in error["message"]
