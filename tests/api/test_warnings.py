"""Warnings of what was done, and is likely not what was meant."""

from typing import Any

import pytest

from gql_server.generation.requests.prompts import unknown_placeholders
from tests.support.running_app import FLUX, RunningApp

pytestmark = pytest.mark.anyio

CREATE = """mutation C($input: CreateTemplateInput!) { createTemplate(input: $input) {
  template { id } userErrors { message }
  warnings { __typename message ... on UnknownPlaceholderWarning { placeholder } } } }"""
UPDATE = """mutation U($input: UpdateTemplateInput!) { updateTemplate(input: $input) {
  userErrors { message } warnings { ... on UnknownPlaceholderWarning { placeholder } } } }"""
SET = """mutation S($input: SetBudgetInput!) { setBudget(input: $input) {
  budget { id } userErrors { message }
  warnings { __typename message ... on UnknownSubjectWarning { subjectId } } } }"""


async def test_an_unknown_placeholder_of_a_template_is_reported(app: RunningApp) -> None:
    given = {"name": "T", "model": FLUX, "defaultPrompt": "{prompt}, {subject} in {style}"}
    payload = (await app.ask(CREATE, input=given))["createTemplate"]
    assert [warning["placeholder"] for warning in payload["warnings"]] == ["{subject}", "{style}"]
    assert "Only {prompt} is replaced" in payload["warnings"][0]["message"]
    change: dict[str, Any] = {"id": payload["template"]["id"], "defaultPrompt": "{Prompt}"}
    payload = (await app.ask(UPDATE, input=change))["updateTemplate"]
    assert payload["warnings"] == [{"placeholder": "{Prompt}"}]
    payload = (await app.ask(UPDATE, input=change | {"defaultPrompt": ""}))["updateTemplate"]
    assert payload == {"userErrors": [], "warnings": []}


async def test_an_unknown_placeholder_is_reported_over_rest(app: RunningApp) -> None:
    body = {"name": "T", "model": FLUX, "default_prompt": "{prompt}, {subject}"}
    saved = (await app.client.post("/api/templates", json=body)).json()
    (warning,) = saved["warnings"]
    assert "{subject}" in warning
    address = f"/api/templates/{saved['id']}"
    assert "warnings" not in (await app.client.get(address)).json()
    changed = await app.client.put(address, json={"name": "U"})
    assert changed.json()["warnings"] == [warning]
    changed = await app.client.put(address, json={"default_prompt": "{prompt}!"})
    assert "warnings" not in changed.json()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("{prompt}", []),
        ("{prompt} {prompt} {a} {a}", ["{a}"]),
        ("{ prompt }", ["{ prompt }"]),
        ("{sujet_é} {the subject}", ["{sujet_é}", "{the subject}"]),
        ("{} {1} {,} {\n} a { b", []),
        ('{"a": 1}', []),
        (" ".join("{x%d}" % number for number in range(30)), ["{x%d}" % n for n in range(20)]),
    ],
)
def test_what_is_a_placeholder(words: str, found: list[str]) -> None:
    assert unknown_placeholders(words) == found


async def test_a_budget_for_an_unknown_user_is_reported(app: RunningApp) -> None:
    for name in ("userId", "keyId"):
        given = {"limit": 1, "period": "DAILY", name: "nobody"}
        payload = (await app.ask(SET, input=given))["setBudget"]
        assert payload["budget"] is not None
        (warning,) = payload["warnings"]
        assert (warning["__typename"], warning["subjectId"]) == ("UnknownSubjectWarning", "nobody")
        assert '"nobody"' in warning["message"]


async def test_a_budget_for_someone_who_made_something_has_no_warning(app: RunningApp) -> None:
    user_id = (await app.image())["userId"]
    for given in ({"userId": user_id}, {}):
        budget = {"limit": 1, "period": "DAILY"} | given
        assert (await app.ask(SET, input=budget))["setBudget"]["warnings"] == []
