from typing import Any

import pytest

from tests.support.running_app import RunningApp

pytestmark = pytest.mark.anyio

QUERY = """mutation M($order: Int, $note: String, $given: JSON) {
  generateImage(input: {prompt: "A red fox", model: "@cf/black-forest-labs/flux-1-schnell",
    metadata: {order: $order, deep: {note: $note, list: [$note, 1]}, given: $given}}) {
    image { metadata } userErrors { message } } }"""


@pytest.mark.parametrize(
    ("variables", "kept"),
    [
        ({}, {"deep": {"list": [None, 1]}}),
        ({"order": 1}, {"order": 1, "deep": {"list": [None, 1]}}),
        (
            {"order": None, "note": "n", "given": {"a": [None]}},
            {"order": None, "deep": {"note": "n", "list": ["n", 1]}, "given": {"a": [None]}},
        ),
    ],
)
async def test_a_variable_that_is_not_given_is_left_out_of_json(
    app: RunningApp, variables: dict[str, Any], kept: dict[str, Any]
) -> None:
    payload = (await app.ask(QUERY, **variables))["generateImage"]
    assert payload["userErrors"] == []
    assert payload["image"]["metadata"] == kept
