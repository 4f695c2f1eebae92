"""The guides in docs/ are true: every call of docs/rest.md is made, by REST and by GraphQL."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from gql_server.domain.clock import now
from gql_server.domain.money import decimal_dollars
from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.model import Model
from gql_server.ledger.prices.price_book import load_price_book
from gql_server.rest.operations import OPERATIONS
from tests.rest.calls import ask, generate, template
from tests.support.running_app import FLUX, RunningApp, png

pytestmark = pytest.mark.anyio

DOCS = Path(__file__).parents[2] / "docs"
GUIDE = (DOCS / "rest.md").read_text("utf-8")
CALLS = re.findall(r"```http\n(\w+) (\S+)\n(.*?)```\n\n```graphql\n(.*?)```", GUIDE, re.DOTALL)


def test_every_operation_is_in_the_guide() -> None:
    documented = {
        (method, re.sub(r"\w{3}_…", "{id}", path.split("?")[0])) for method, path, *_ in CALLS
    }
    assert documented == {(operation.method, operation.path) for operation in OPERATIONS}
    assert len(CALLS) == GUIDE.count("```http")


async def test_every_call_of_the_guide_is_answered_by_both(user: RunningApp) -> None:
    for method, path, body, operation in CALLS:
        sent = await sent_with(user, body)
        response = await user.client.request(method, await filled(user, path), **sent)
        assert response.is_success, (method, path, response.text)
        data = await user.ask(await filled(user, operation))
        (found,) = data.values()
        assert found is not None, operation
        if isinstance(found, dict):
            assert found.get("userErrors", []) == []


async def sent_with(user: RunningApp, body: str) -> dict[str, Any]:
    """Return the body of a call; one in words is a picture."""
    if body.startswith("("):
        return {"content": png(8, 8), "headers": {"Content-Type": "image/png"}}
    return {"json": json.loads(await filled(user, body))} if body else {}


async def filled(user: RunningApp, text: str) -> str:
    """Replace the placeholders of a text by IDs of existing objects."""
    made: dict[str, Any] = {}
    if "tpl_…" in text:
        made["tpl_…"] = await template(user)
    if "img_…" in text:
        made["img_…"] = await generate(user)
    if "src_…" in text:
        made["src_…"] = (await user.upload(png(8, 8)))["sourceImage"]
    if "bat_…" in text:
        body = {"prompts": ["A red fox"], "model": FLUX}
        made["bat_…"] = await ask(user, "POST", "batch/generate", 201, json=body)
    for name, thing in made.items():
        text = text.replace(name, thing["id"])
    return text


def test_the_table_of_models_is_the_catalogue() -> None:
    catalogue = load_catalogue()
    prices = load_price_book(catalogue)

    def row(model: Model) -> str:
        seconds = f"{model.typical_seconds.minimum:g}–{model.typical_seconds.maximum:g} s"
        cost = decimal_dollars(prices.price_at_defaults(model, at=now()).cost)
        quality = model.quality.replace("_", " ")
        return f"| `{model.id}` | {model.name} | {model.speed}, {seconds} | {quality} | ${cost} |"

    page = (DOCS / "prompts.md").read_text("utf-8")
    assert re.findall(r"^\| `@cf/.*\|$", page, re.MULTILINE) == [
        row(model) for model in catalogue.models if model.id.startswith("@cf/")
    ]
