"""Batches are found by their names, tags and metadata."""

from typing import Any

import pytest

from gql_server.database.queries.batch_labels import LabelFilter
from gql_server.database.queries.batches import BatchFilter, count_batches
from tests.batches.conftest import BatchHarness
from tests.support.running_app import FLUX, SDXL, RunningApp
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import prompt_refused

pytestmark = pytest.mark.anyio

LIST = """query L($filter: BatchFilter) {
  batches(first: 10, orderBy: OLDEST_FIRST, filter: $filter) {
    totalCount edges { node { name tags metadata } } } }"""
RETRY = """mutation R($id: ID!) { retryBatch(input: {id: $id}) { batch { name tags metadata }
  userErrors { message } } }"""
REMAKE = """mutation R($input: RemakeImagesInput!) { remakeImages(input: $input) {
  batch { name tags metadata } userErrors { message path } } }"""

SUMMER = {"name": "Sommer-Straße", "tags": ["shop", "a%"], "metadata": {"order": 42, "rush": True}}
WINTER = {"name": "Winter", "tags": ["shop"], "metadata": {"order": "42", "rush": 1, "deep": {}}}
PLAIN: dict[str, Any] = {"name": None, "tags": [], "metadata": None}


async def found(app: RunningApp, **where: Any) -> list[str | None]:
    answer = (await app.ask(LIST, filter=where))["batches"]
    assert answer["totalCount"] == len(answer["edges"])
    return [edge["node"]["name"] for edge in answer["edges"]]


async def check_filters(app: RunningApp) -> None:
    assert await found(app) == ["Sommer-Straße", "Winter", None]
    assert await found(app, search="STRASSE sommer") == ["Sommer-Straße"]
    assert await found(app, search="%") == []
    assert await found(app, tags=["shop"]) == ["Sommer-Straße", "Winter"]
    assert await found(app, tags=["a%", "shop"]) == ["Sommer-Straße"]
    assert await found(app, tags=["sho"]) == []
    assert await found(app, metadata={"order": 42}) == ["Sommer-Straße"]
    assert await found(app, metadata={"order": 42.0, "rush": True}) == ["Sommer-Straße"]
    assert await found(app, metadata={"order": "42"}) == ["Winter"]
    assert await found(app, metadata={"rush": 1, "order": "42"}) == ["Winter"]
    assert await found(app, metadata={"no": 1}) == []
    assert await found(app, search="winter", tags=["a%"]) == []
    assert await found(app, metadata={'"]': "'"}, status=["QUEUED"]) == []


async def test_a_batch_keeps_its_labels_and_its_images_have_them(harness: BatchHarness) -> None:
    app = harness.app
    summer = await harness.batch(1, **SUMMER)
    own = {"items": [{"prompt": "A red fox", "tags": ["mine"]}]}
    await harness.ask(pictures=own, **WINTER)
    await harness.batch(1)
    nodes = (await app.ask(LIST))["batches"]["edges"]
    assert [edge["node"] for edge in nodes] == [SUMMER, WINTER, PLAIN]
    await check_filters(app)
    await harness.work_on(summer)
    image = await app.ask("{ images(first: 1) { edges { node { id tags metadata } } } }")
    node = image["images"]["edges"][0]["node"]
    assert (node["tags"], node["metadata"]) == (SUMMER["tags"], SUMMER["metadata"])
    changes = {"ids": [node["id"]], "name": " Again ", "tags": ["new"]}
    again = (await app.ask(REMAKE, input=changes))["remakeImages"]
    assert again == {
        "batch": {"name": "Again", "tags": ["new"], "metadata": None},
        "userErrors": [],
    }
    wrong = (await app.ask(REMAKE, input={**changes, "name": ""}))["remakeImages"]
    assert [error["path"] for error in wrong["userErrors"]] == [["input", "name"]]


async def test_filters_find_the_same_on_postgresql(production: RunningApp) -> None:
    harness = BatchHarness(production)
    for labels in (SUMMER, WINTER, {}):
        await harness.batch(1, model=SDXL, **labels)
    await check_filters(production)
    nothing = BatchFilter(labels=LabelFilter(metadata={"order": 7}))
    async with production.services.database.read() as connection:
        assert await count_batches(connection, nothing) == 0


async def test_a_retry_has_the_labels_of_the_batch(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    batch = await harness.batch(1, **SUMMER)
    fake_workers_ai.next(prompt_refused())
    await harness.work_on(batch)
    retried = (await harness.app.ask(RETRY, id=batch))["retryBatch"]
    assert retried == {"batch": SUMMER, "userErrors": []}


async def test_labels_are_checked_with_everything_else(harness: BatchHarness) -> None:
    own = {"items": [{"prompt": "A red fox", "tags": ["mine"], "metadata": {}}]}
    labels = {"name": "n" * 201, "tags": [""], "metadata": [1], "steps": 99}
    payload = await harness.ask(pictures=own, **labels)
    assert {(tuple(error["path"]), error["code"]) for error in payload["userErrors"]} == {
        (("input", "name"), "TOO_LONG"),
        (("input", "tags", "0"), "TOO_SHORT"),
        (("input", "metadata"), "INVALID"),
        (("input", "steps"), "OUT_OF_RANGE"),
    }
    for where, message in (
        ({"metadata": [1]}, "must be a JSON object"),
        ({"metadata": {"a": None}}, "must be a text, a number or a boolean"),
        ({"metadata": {"a": {"b": 1}}}, "must be a text, a number or a boolean"),
        ({"metadata": {str(key): 1 for key in range(21)}}, "at most 20 keys"),
        ({"tags": ["t"] * 21}, "at most 20"),
        ({"search": "a " * 21}, "at most 20"),
    ):
        answer = await harness.app.answer(LIST, filter=where)
        assert message in answer["errors"][0]["message"], where


async def test_a_key_is_of_one_name_and_of_the_requests_of_earlier_versions(
    harness: BatchHarness,
) -> None:
    given = {"pictures": {"prompts": ["A red fox"]}, "model": FLUX, "idempotencyKey": "one"}
    first = await harness.ask(**given, tags=["shop"], name="Summer")
    same = await harness.ask(**given, tags=["shop"], name="Summer")
    other = await harness.ask(**given, tags=["shop"], name="Winter")
    assert first["batch"]["id"] == same["batch"]["id"]
    assert [error["__typename"] for error in other["userErrors"]] == ["IdempotencyConflict"]
