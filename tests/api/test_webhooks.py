"""Webhooks as clients ask for them, receive them and read of them."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLInputObjectType
from sqlalchemy import update
from sqlmodel import col

from gql_server.bootstrap.resources import webhook_secrets
from gql_server.database.tables.budgets import BudgetRow
from gql_server.database.tables.webhooks import WebhookRow
from gql_server.domain.budgets import BudgetPeriod
from gql_server.domain.principal import Role
from gql_server.domain.webhooks import WebhookKind
from gql_server.ledger.budgets import alerts as budget_alerts
from gql_server.ledger.budgets.budgets import BudgetRequest
from gql_server.settings import load_settings
from gql_server.webhooks.addresses import REFUSAL
from gql_server.webhooks.outbox import record_webhook
from gql_server.webhooks.signatures import user_secret
from tests.api.test_budgets import generate
from tests.support.clients import client_of
from tests.support.receiver import Receiver
from tests.support.running_app import SDXL, RunningApp, running_app
from tests.support.sdl import SCHEMA
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

SET = """mutation S($input: SetBudgetInput!) { setBudget(input: $input) {
  budget { id webhookUrl webhooks { id } limit startsAt resetsAt }
  userErrors { __typename message code path } } }"""
READ = """query R($id: ID!) { node(id: $id) { ... on Budget { webhooks {
  id url eventType subjectId status nextDeliveryAt deliveredAt createdAt
  deliveries { startedAt statusCode durationMs error } } } } }"""
STATUS = "query N($id: ID!) { node(id: $id) { id ... on Webhook { status subjectId } } }"
REDELIVER = """mutation D($id: ID!) { redeliverWebhook(input: {id: $id}) {
  webhook { id status }
  userErrors { __typename code path ... on WebhookNotFound { webhookId } } } }"""

SMALL = {"model": SDXL, "width": 256, "height": 256}


async def set_budget(app: RunningApp, **changes: Any) -> dict[str, Any]:
    given = {"limit": 0.04, "period": "DAILY", "timeZone": "Europe/Berlin"} | changes
    payload: dict[str, Any] = (await app.ask(SET, input=given))["setBudget"]
    return payload


async def test_a_budgets_shares_are_reported_once_each(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gql_server.jobs.jobs._POLL_SECONDS", 0.02)
    monkeypatch.setattr(budget_alerts, "_LOOK_SECONDS", 0.05)
    settings = {"webhook_allow_private": True}
    async with running_app(tmp_path, settings, runs_jobs=True) as app:
        payload = await set_budget(app, webhookUrl=receiver.url, userId="default_user")
        assert payload["userErrors"] == []
        budget = payload["budget"]
        assert (budget["webhookUrl"], budget["webhooks"]) == (receiver.url, [])
        await generate(app, **SMALL)
        await receiver.until(1)
        await generate(app, **SMALL)
        await receiver.until(3)
        (secret,) = webhook_secrets(app.settings)
        said = sorted(
            (one.verify(user_secret(secret, None)) for one in receiver.received),
            key=lambda one: one["data"]["percent"],
        )
        assert {one["type"] for one in said} == {"budget.threshold_reached"}
        assert [one["data"] for one in said] == [
            {
                "budgetId": budget["id"],
                "scope": "USER",
                "userId": "default_user",
                "keyId": None,
                "period": "DAILY",
                "percent": percent,
                "limit": "0.04",
                "spent": spent,
                "periodStartsAt": budget["startsAt"],
                "resetsAt": budget["resetsAt"],
            }
            for percent, spent in ((50, "0.02"), (80, "0.04"), (100, "0.04"))
        ]
        delivered = await until_delivered(app, budget["id"], 3)
        assert {one["id"] for one in delivered} == {
            one.headers["webhook-id"] for one in receiver.received
        }
        for one in delivered:
            (delivery,) = one["deliveries"]
            assert (delivery["statusCode"], delivery["error"]) == (204, None)
            assert delivery["durationMs"] >= 0
            assert one["createdAt"] <= delivery["startedAt"] <= one["deliveredAt"]
            assert (one["url"], one["eventType"], one["subjectId"], one["nextDeliveryAt"]) == (
                receiver.url,
                "budget.threshold_reached",
                budget["id"],
                None,
            )
        again = (await app.ask(REDELIVER, id=delivered[0]["id"]))["redeliverWebhook"]
        assert again["userErrors"] == []
        assert again["webhook"]["id"] == delivered[0]["id"]
        await receiver.until(4)
        repeated = receiver.received[3]
        assert repeated.headers["webhook-id"] == delivered[0]["id"]
        assert repeated.verify(user_secret(secret, None)) in said
        node = await app.ask(STATUS, id=delivered[0]["id"])
        assert node["node"]["subjectId"] == budget["id"]
        # Setting it again without an address takes the address away.
        assert (await set_budget(app, userId="default_user"))["budget"]["webhookUrl"] is None


async def until_delivered(app: RunningApp, budget_id: str, count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            webhooks: list[dict[str, Any]] = (await app.ask(READ, id=budget_id))["node"]["webhooks"]
            if [one["status"] for one in webhooks] == ["DELIVERED"] * count:
                return webhooks
            await asyncio.sleep(0.02)


async def test_an_address_inside_is_refused_with_every_other_error(app: RunningApp) -> None:
    payload = await set_budget(app, webhookUrl="https://127.0.0.1/hook", limit=-1)
    assert payload["budget"] is None
    assert [(error["code"], error["path"]) for error in payload["userErrors"]] == [
        ("OUT_OF_RANGE", ["input", "limit"]),
        ("INVALID", ["input", "webhookUrl"]),
    ]
    (error,) = (await set_budget(app, webhookUrl="http://example.com/"))["userErrors"]
    assert error["message"] == REFUSAL


async def test_a_webhook_that_is_not_there_cannot_be_delivered_again(app: RunningApp) -> None:
    for webhook_id in ("whk_01jd2k0000000000000000000a", "whk_", "img_1", ""):
        payload = (await app.ask(REDELIVER, id=webhook_id))["redeliverWebhook"]
        assert payload == {
            "webhook": None,
            "userErrors": [
                {
                    "__typename": "WebhookNotFound",
                    "code": "WEBHOOK_NOT_FOUND",
                    "path": ["input", "id"],
                    "webhookId": webhook_id,
                }
            ],
        }


async def test_only_admins_see_who_is_notified_about_a_budget(app_with_keys: RunningApp) -> None:
    url = "https://example.com/hook?token=hidden"
    budget = await app_with_keys.services.budgets.set(
        BudgetRequest(limit=1, period=BudgetPeriod.MONTHLY)
    )
    async with app_with_keys.services.database.write() as connection:
        await connection.execute(update(BudgetRow).values(webhook_url=url))
        webhook_id = await record_webhook(
            connection,
            url=url,
            kind=WebhookKind.BUDGET_THRESHOLD_REACHED,
            payload={},
            user_id=None,
            subject_id=budget.window.budget.id,
        )
    query = "{ costAnalytics { budget { webhookUrl webhooks { id url } } } }"
    shown = {"webhookUrl": url, "webhooks": [{"id": webhook_id, "url": url}]}
    hidden: dict[str, Any] = {"webhookUrl": None, "webhooks": []}
    for role, expected in ((Role.READER, hidden), (Role.CREATOR, hidden), (Role.ADMIN, shown)):
        async with client_of(app_with_keys, "ann", role) as ann:
            found = await ann.ask(query)
            assert found["costAnalytics"]["budget"] == expected
            node = (await ann.ask(STATUS, id=webhook_id))["node"]
            assert (node is not None) is (role is Role.ADMIN)


LIST = """query L($filter: WebhookFilter, $after: String) {
  webhooks(first: 2, after: $after, filter: $filter) { totalCount pageInfo { endCursor }
    edges { node { id subjectId status } } } }"""


async def test_everyone_lists_their_own_webhooks_and_admins_all(app_with_keys: RunningApp) -> None:
    recorded: list[str] = []
    async with app_with_keys.services.database.write() as connection:
        for user_id, subject_id in (
            ("ann", "bat_1"),
            ("ann", "gen_2"),
            ("bob", "bat_3"),
            (None, "bdg_4"),
        ):
            recorded.append(
                await record_webhook(
                    connection,
                    url="https://example.com/hook",
                    kind=WebhookKind.BATCH_FINISHED,
                    payload={},
                    user_id=user_id,
                    subject_id=subject_id,
                )
            )
        delivered = update(WebhookRow).where(col(WebhookRow.id) == recorded[1])
        await connection.execute(delivered.values(status="delivered", next_delivery_at=None))

    async def subjects(app: RunningApp, **where: Any) -> list[str]:
        found: list[str] = []
        after = None
        while True:
            page = (await app.ask(LIST, filter=where, after=after))["webhooks"]
            found += [edge["node"]["subjectId"] for edge in page["edges"]]
            if len(found) == page["totalCount"]:
                return found
            after = page["pageInfo"]["endCursor"]

    async with client_of(app_with_keys, "ann", Role.READER) as ann:
        assert await subjects(ann) == ["gen_2", "bat_1"]
        assert await subjects(ann, userId="bob") == []
        assert await subjects(ann, subjectIds=["bat_3", "bat_1"]) == ["bat_1"]
        assert await subjects(ann, status=["DELIVERED"]) == ["gen_2"]
        answer = await ann.answer(LIST, filter={"subjectIds": ["x"] * 101})
        assert "at most 100" in answer["errors"][0]["message"]
    async with client_of(app_with_keys, "root", Role.ADMIN) as root:
        assert await subjects(root) == ["bdg_4", "bat_3", "gen_2", "bat_1"]
        assert await subjects(root, userId="ann") == ["gen_2", "bat_1"]
        assert await subjects(root, status=["PENDING"], subjectIds=["bdg_4"]) == ["bdg_4"]


def test_an_embedded_server_keeps_one_secret(tmp_path: Path) -> None:
    first = webhook_secrets(load_settings(data_dir=tmp_path))
    assert webhook_secrets(load_settings(data_dir=tmp_path)) == first
    assert first[0].startswith("whsec_")
    assert (tmp_path / "webhook_secret").stat().st_mode & 0o777 == 0o600
    given = "whsec_" + "A" * 32
    both = load_settings(data_dir=tmp_path, webhook_secret=f"{given}, {first[0]}")
    assert webhook_secrets(both) == (given, first[0])
    shared = load_settings(data_dir=tmp_path, database_url="postgresql://a:b@host/c")
    assert webhook_secrets(shared) == ()


def test_these_are_all_the_addresses_that_a_client_can_give() -> None:
    inputs = (kind for kind in SCHEMA.type_map.values() if isinstance(kind, GraphQLInputObjectType))
    named = re.compile("url|uri|host|address|callback|endpoint", re.IGNORECASE)
    found = {f"{kind.name}.{name}" for kind in inputs for name in kind.fields if named.search(name)}
    found.remove("UploadSourceImageInput.dataUrl")  # holds the image itself
    # What each may not be stands in tests/webhooks/test_addresses.py.
    assert found == {
        "GenerateBatchInput.webhookUrl",
        "GenerateImageInput.webhookUrl",
        "RemakeImagesInput.webhookUrl",
        "SetBudgetInput.webhookUrl",
    }
