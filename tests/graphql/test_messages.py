"""Messages about wrong values show them as JSON, whichever input they are sent to."""

import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)

from gql_server.quoting import quoted
from tests.support.running_app import RunningApp, running_app
from tests.support.sdl import SCHEMA

pytestmark = pytest.mark.anyio

WRONG: tuple[Any, ...] = (
    None, True, 3, 1.5, "x'y", {"a": None, "b'": True}, [None], [{"a": ["x"]}], [], {},
)  # fmt: skip
PYTHON = re.compile(
    r"\b(None|True|False|nan|inf|dict|dictionary|tuple|NoneType|Traceback|object at)\b"
    r"|<class|[\[{(:] ?'|'[\]})]|\\x"
)
"""What Python writes, and neither JSON nor GraphQL."""


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningApp]:
    folder = tmp_path_factory.mktemp("messages")
    async with running_app(folder, {"max_operations": 100}) as app:
        yield app


def fields_with_arguments() -> list[tuple[str, str, GraphQLField]]:
    roots = (("query", SCHEMA.query_type), ("mutation", SCHEMA.mutation_type))
    return [
        (operation, name, field)
        for operation, root in roots
        if root is not None
        for name, field in root.fields.items()
        if field.args
    ]


def filled(kind: GraphQLInputType, value: Any, depth: int = 3) -> Any:
    """Return an input whose every field has the value, however deep."""
    if is_non_null_type(kind):
        return filled(kind.of_type, value, depth)
    if is_list_type(kind):
        return [filled(kind.of_type, value, depth)]
    if not isinstance(kind, GraphQLInputObjectType) or depth == 0:
        return value
    return {name: filled(field.type, value, depth - 1) for name, field in kind.fields.items()}


def literal(value: Any) -> str:
    if isinstance(value, dict):
        fields = (f"{re.sub('[^a-zA-Z]', '_', key)}: {literal(one)}" for key, one in value.items())
        return "{" + ", ".join(fields) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(literal, value)) + "]"
    return json.dumps(value)


def selection(field: GraphQLField) -> str:
    kind = get_named_type(field.type)
    has_errors = "userErrors" in getattr(kind, "fields", {})
    if not is_composite_type(kind):
        return ""
    return "{ userErrors { message } }" if has_errors else "{ __typename }"


def arguments(values: dict[str, Any]) -> str:
    return ", ".join(f"{name}: {literal(value)}" for name, value in values.items())


def messages_in(answer: Any) -> Iterator[str]:
    if isinstance(answer, dict):
        for name, value in answer.items():
            if name == "message":
                yield value
            else:
                yield from messages_in(value)
    elif isinstance(answer, list):
        for one in answer:
            yield from messages_in(one)


def values_for(argument: GraphQLArgument, wrong: Any) -> Iterator[Any]:
    yield wrong
    if isinstance(get_named_type(argument.type), GraphQLInputObjectType):
        yield filled(argument.type, wrong)


@pytest.mark.parametrize(
    ("operation", "name", "field"), fields_with_arguments(), ids=lambda one: str(one)[:40]
)
async def test_no_message_shows_what_python_writes(
    app: RunningApp, operation: str, name: str, field: GraphQLField
) -> None:
    declared = ", ".join(f"${key}: {one.type}" for key, one in field.args.items())
    passed = ", ".join(f"{key}: ${key}" for key in field.args)
    by_variables = f"{operation}({declared}) {{ {name}({passed}) {selection(field)} }}"
    requests: list[dict[str, Any]] = []
    for wrong in WRONG:
        for values in zip(*(values_for(one, wrong) for one in field.args.values()), strict=False):
            given = dict(zip(field.args, values, strict=True))
            in_document = f"{operation} {{ {name}({arguments(given)}) {selection(field)} }}"
            requests += [{"query": by_variables, "variables": given}, {"query": in_document}]
    answers = (await app.client.post("/graphql", json=requests)).json()
    found = set(messages_in(answers))
    assert found
    assert [message for message in found if PYTHON.search(message)] == []
    assert not any("reference" in message for message in found), found


async def test_a_message_shows_what_was_sent(app: RunningApp) -> None:
    query = "query($f: ImageFilter) { images(filter: $f) { totalCount } }"
    sent = {"search": {"prompt": "it's", "all": [True, None]}, "isPreview": None, "none": 1}
    answer = (
        await app.client.post("/graphql", json={"query": query, "variables": {"f": sent}})
    ).json()
    messages = [error["message"] for error in answer["errors"]]
    assert len(messages) == 2
    assert messages[0].endswith('non string value: {"prompt": "it\'s", "all": [true, null]}')
    assert messages[1].endswith(f"not to include unknown field 'none', found: {json.dumps(sent)}.")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x" * 500, f'"{"x" * 119}…{"x" * 118}…"'),
        ([[[[1]]], {}], '[[["…"]], {}]'),
        (list(range(12)), '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, "…"]'),
        (dict.fromkeys("abcdefghijk"), quoted(dict.fromkeys("abcdefghij"))[:-1] + ', "…": "…"}'),
        ("\ud800", '"\\ud800"'),
        (object(), '"object"'),
    ],
)  # fmt: skip
def test_a_value_is_shown_in_short(value: Any, shown: str) -> None:
    assert quoted(value) == shown
