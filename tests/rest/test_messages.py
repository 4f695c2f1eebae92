"""Messages about wrong values name what JSON has, whichever field they are sent in."""

from collections.abc import Iterator
from typing import Any

import pytest

from gql_server.rest.application import rest_application
from tests.graphql.test_messages import PYTHON, WRONG
from tests.rest.calls import send
from tests.support.running_app import RunningApp

pytestmark = pytest.mark.anyio


def places(schema: Any, schemas: Any) -> Iterator[tuple[str, ...]]:
    """Return where the fields of a body are, those of an object in it too."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[-1]]
    for choice in schema.get("anyOf", ()):
        yield from places(choice, schemas)
    for name, field in schema.get("properties", {}).items():
        yield (name,)
        for rest in places(field, schemas):
            yield (name, *rest)


def bodies(schema: Any, schemas: Any, wrong: Any) -> Iterator[dict[str, Any]]:
    """Return bodies that have the wrong value in each place.

    Where a field is required, all places of a depth are in one body: each has an error of its own.
    """
    found = [*dict.fromkeys(places(schema, schemas))]
    groups = [[where] for where in found]
    if schemas[schema["$ref"].rsplit("/", 1)[-1]].get("required"):
        depths = sorted({len(where) for where in found})
        groups = [[where for where in found if len(where) == depth] for depth in depths]
    for group in groups:
        body: dict[str, Any] = {}
        for *parents, name in group:
            inner = body
            for parent in parents:
                inner = inner.setdefault(parent, {})
            inner[name] = wrong
        yield body


async def test_no_message_shows_what_python_writes(user: RunningApp) -> None:
    description = rest_application().openapi()
    schemas = description["components"]["schemas"]
    found: set[str] = set()
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            if "application/json" not in content:
                continue
            schema = content["application/json"]["schema"]
            address = path.replace("{id}", "tpl_none").removeprefix("/api/")
            for wrong in WRONG:
                for body in bodies(schema, schemas, wrong):
                    answer = (await send(user, method.upper(), address, json=body)).json()
                    details = answer.get("details", {})
                    found.add(details.get("message", ""))
                    found.update(error["message"] for error in details.get("errors", ()))
    assert "Input should be an object" in found
    assert [message for message in found if PYTHON.search(message)] == []
