"""The pages of docs/operations: one for each field of the schema's roots, whose example runs."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from graphql import OperationDefinitionNode, parse

from gql_server.domain.principal import Role
from tests.access.access_probes import OwnedObjects, make_objects
from tests.support.clients import client_of
from tests.support.running_app import RunningApp, png, running_app
from tests.support.streams import EVENTS, streamed
from tools.reference.operations import FOLDER, INDEX, Operation, index, operations
from tools.reference.types import SCHEMA

pytestmark = pytest.mark.anyio

OPERATIONS = list(operations())
OTHER_THINGS = {
    "restoreImage": ("img", "deleted_id"),
    "resumeBatch": ("bat", "paused_id"),
    "retryBatch": ("bat", "failed_id"),
}


def test_each_operation_has_a_page_and_each_page_an_operation() -> None:
    pages = {page for page in FOLDER.glob("*.md") if page != INDEX}
    assert pages == {operation.page for operation in OPERATIONS}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_a_page_says_what_the_schema_says(operation: Operation) -> None:
    page = operation.page.read_text("utf-8")
    assert page.startswith(operation.head()), "make schema"
    errors = page.partition("\n## Errors\n")[2].partition("\n## ")[0]
    for name in re.findall(r"^\| `(\w+)`", errors, re.MULTILINE):
        assert name in SCHEMA.type_map, name
    (definition,) = parse(operation.example().document).definitions
    assert isinstance(definition, OperationDefinitionNode)
    assert operation.name in str([one.to_dict() for one in definition.selection_set.selections])


def test_the_list_of_operations_is_that_of_the_schema() -> None:
    assert INDEX.read_text("utf-8") == index(), "make schema"


async def test_every_example_runs_and_answers_what_its_page_shows(tmp_path: Path) -> None:
    wrong = []
    async with (
        running_app(tmp_path, {"auth": "keys"}) as app,
        client_of(app, "ann", Role.ADMIN) as ann,
    ):
        kept = await make_objects(app.services, "ann")
        for operation in OPERATIONS:
            changes = operation.kind == "Mutation" and "_…" in str(operation.example().variables)
            owned = await make_objects(app.services, "ann") if changes else kept
            answer = await run(ann, operation, owned)
            shown = operation.example().answer
            if shape(shown) != shape(answer, shown):
                wrong.append((operation.name, answer))
    assert wrong == []


async def run(app: RunningApp, operation: Operation, owned: OwnedObjects) -> Any:
    """Run a page's example with ids of things that there are."""
    example = operation.example()
    variables = with_ids(json.dumps(example.variables, ensure_ascii=False), operation.name, owned)
    headers = {"Authorization": app.client.headers["Authorization"]}
    if operation.kind == "Subscription":
        url = app.settings.server_url
        async with streamed(url, EVENTS, example.document, headers=headers, **variables) as stream:
            if operation.name == "imageCreated":
                await app.image(tags=["campaign"])
            return await stream.receive()
    if "file" in variables:
        return await upload(app, example.document, variables)
    answer = await app.answer(example.document, **variables)
    answer.pop("extensions", None)
    return answer


def with_ids(text: str, name: str, owned: OwnedObjects) -> Any:
    ids = {
        "img": owned.image_id,
        "tpl": owned.template_id,
        "src": owned.source_id,
        "key": owned.key_id,
        "bdg": owned.budget_id,
        "bat": owned.batch_id,
        "whk": owned.webhook_id,
        "gen": owned.generation_id,
    }
    if name in OTHER_THINGS:
        prefix, field = OTHER_THINGS[name]
        ids[prefix] = getattr(owned, field)
    for prefix, thing_id in ids.items():
        text = text.replace(f"{prefix}_…", thing_id)
    return json.loads(text)


async def upload(app: RunningApp, document: str, variables: dict[str, Any]) -> Any:
    response = await app.client.post(
        "/graphql",
        data={
            "operations": json.dumps({"query": document, "variables": variables}),
            "map": '{"0": ["variables.file"]}',
        },
        files={"0": ("photo.png", png(64, 64))},
    )
    answer = response.json()
    answer.pop("extensions", None)
    return answer


def shape(value: Any, shown: Any = None) -> Any:
    """Return the names in an answer, and what kinds of values they have.

    What is null, or an empty list, has the shape of what is shown in its place.
    """
    if isinstance(value, dict):
        given = shown if isinstance(shown, dict) else {}
        return {name: shape(part, given.get(name)) for name, part in value.items()}
    if isinstance(value, list):
        first = shown[0] if isinstance(shown, list) and shown else None
        return [shape(value[0], first)] if value else [shape(first)] if shown else []
    if value is None and shown is not None:
        return shape(shown)
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value)
    )
