"""The same request sent again, and what budgets hold, by REST."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from gql_server.domain.budgets import BudgetPeriod, BudgetScope
from gql_server.domain.principal import Role
from gql_server.ledger.budgets.budgets import BudgetRequest
from tests.rest.calls import ask, generate, send
from tests.support.clients import client_of
from tests.support.running_app import SDXL, RunningApp, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

BODY = {"prompt": "A red fox", "model": SDXL, "width": 256, "height": 256}
GENERATE_BATCH = """mutation ($input: GenerateBatchInput!) {
  generateBatch(input: $input) { batch { id } userErrors { message } }
}"""
BATCH = {"prompts": ["A red fox"], "model": SDXL, "width": 256, "height": 256}


async def test_the_same_request_with_its_key_is_done_once(user: RunningApp) -> None:
    for path, body in (("generate", BODY), ("batch/generate", BATCH)):
        ids = set()
        for key in ("order 42", '"order 42"', "order 42"):
            response = await send(user, "POST", path, json=body, headers={"Idempotency-Key": key})
            assert response.status_code == 201, response.text
            ids.add(response.json()["id"])
        assert len(ids) == 1
        problem = await ask(
            user,
            "POST",
            path,
            422,
            json=body | {"seed": 1},
            headers={"Idempotency-Key": "order 42"},
        )
        assert problem["error"] == "Idempotency key reused"
        assert problem["details"]["field"] == "Idempotency-Key"


@pytest.mark.parametrize(
    ("key", "header"),
    [
        ("both", "both"),
        ('a"b', 'a"b'),
        ('a"b', r'"a\"b"'),
        ("a\\b", r'"a\\b"'),
        (r"a\"b", r"a\"b"),
        (" ~ ", '" ~ "'),
    ],
)
async def test_a_key_is_the_same_over_graphql(user: RunningApp, key: str, header: str) -> None:
    graphql = await user.image(**BODY, idempotencyKey=key)
    headers = {"Idempotency-Key": header}
    rest = await ask(user, "POST", "generate", 201, json=BODY, headers=headers)
    assert rest["id"] == graphql["id"]


@pytest.mark.parametrize(
    ("settings", "rest_settings"),
    [
        ({}, {}),
        (
            {"priority": "HIGH", "imagesPerPrompt": 2, "maxCost": 1, "guidance": 7},
            {"priority": "high", "images_per_prompt": 2, "max_cost": 1, "guidance": 7},
        ),
        ({"tags": ["a"], "metadata": {"a": 1}}, {"tags": ["a"], "metadata": {"a": 1}}),
    ],
)
async def test_a_batchs_key_is_the_same_over_graphql(
    user: RunningApp, settings: dict[str, Any], rest_settings: dict[str, Any]
) -> None:
    image_body = {name: BATCH[name] for name in ("model", "width", "height")} | settings
    given = image_body | {"pictures": {"prompts": BATCH["prompts"]}, "idempotencyKey": "both"}
    payload = (await user.ask(GENERATE_BATCH, input=given))["generateBatch"]
    assert payload["userErrors"] == []
    body, headers = BATCH | rest_settings, {"Idempotency-Key": "both"}
    rest = await ask(user, "POST", "batch/generate", 201, json=body, headers=headers)
    assert rest["id"] == payload["batch"]["id"]


async def test_those_that_come_together_are_one(user: RunningApp) -> None:
    headers = {"Idempotency-Key": "together"}
    answers = await asyncio.gather(
        *(send(user, "POST", "generate", json=BODY, headers=headers) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1


@pytest.mark.parametrize("key", ["", '""', "k" * 256, "clé-1"])
async def test_a_key_that_is_none_is_refused(user: RunningApp, key: str) -> None:
    headers = [(b"Idempotency-Key", key.encode())]
    for path, body in (("generate", BODY), ("batch/generate", BATCH)):
        problem = await ask(user, "POST", path, 400, json=body, headers=headers)
        assert problem["error"] == "Invalid Idempotency-Key"


async def test_a_hard_budget_refuses_and_a_soft_one_warns(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI
) -> None:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai)) as app:

        async def limited(limit: float, *, is_hard: bool) -> None:
            await app.services.budgets.set(
                BudgetRequest(
                    limit=limit,
                    period=BudgetPeriod.DAILY,
                    scope=BudgetScope.USER,
                    subject_id="default_user",
                    is_hard=is_hard,
                )
            )

        await limited(0.02, is_hard=False)
        assert "warnings" not in await generate(app)
        for path, body in (("generate", {"prompt": "A red fox"}), ("batch/generate", {})):
            given = BATCH | body if "batch" in path else BODY | body
            made = await ask(app, "POST", path, 201, json=given)
            assert made["warnings"] == ["The user's daily budget of $0.02 has been exceeded."]
        await limited(0.02, is_hard=True)
        for path, given in (("generate", BODY), ("batch/generate", BATCH)):
            problem = await ask(app, "POST", path, 402, json=given)
            assert problem["error"] == "Budget exceeded"
            assert problem["details"].items() >= {"limit": 0.02, "needed": 0.02}.items()
            assert problem["details"]["resets_at"].endswith("T00:00:00.000Z")


async def test_what_everyone_spends_is_reported_to_admins_alone(server: RunningApp) -> None:
    for is_hard in (False, True):
        budget = await server.services.budgets.set(
            BudgetRequest(
                limit=0.001,
                period=BudgetPeriod.DAILY,
                scope=BudgetScope.SERVER,
                subject_id="",
                is_hard=is_hard,
            )
        )
        answers: dict[Role, list[Any]] = {}
        for role in (Role.CREATOR, Role.ADMIN):
            async with client_of(server, "spender", role) as one:
                answers[role] = [
                    (await send(one, "POST", path, json=body)).json()
                    for path, body in (("generate", BODY), ("batch/generate", BATCH))
                ]
        await server.services.budgets.remove(budget.window.budget.id)
        assert "$0.001" not in str(answers[Role.CREATOR])
        for answer in answers[Role.ADMIN]:
            assert "$0.001" in str(answer)
        if is_hard:
            for answer in answers[Role.CREATOR]:
                assert answer["details"]["needed"] == 0.02
                assert not answer["details"].keys() & {"limit", "spent", "reserved"}
            for answer in answers[Role.ADMIN]:
                assert answer["error"] == "Budget exceeded"
                assert answer["details"].items() >= {"limit": 0.001, "needed": 0.02}.items()
                assert answer["details"].keys() >= {"spent", "reserved"}
        else:
            assert all(
                "has been exceeded" in str(answer["warnings"]) for answer in answers[Role.CREATOR]
            )
