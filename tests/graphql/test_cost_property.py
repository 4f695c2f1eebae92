"""The estimate of an operation is never below the objects that it returns."""

import gc
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from random import Random
from typing import Any

import anyio.from_thread
import pytest
from graphql import (
    DocumentNode,
    FieldNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    ValueNode,
    Visitor,
    parse,
    print_ast,
    visit,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_graphql import nodes, queries

from gql_server.graphql.execution.query_cost import count_objects
from tests.access.access_probes import make_objects
from tests.support.running_app import FLUX, RunningApp, running_app
from tests.support.sdl import SCHEMA

SCALARS = {
    "DateTime": st.sampled_from(["2026-01-01T00:00:00Z", "2026-11-27T00:00:00Z"]).map(nodes.String),
    "JSON": st.just(nodes.Null),
    "Upload": st.just(nodes.Null),
}
QUERIES = st.deferred(lambda: queries(SCHEMA, custom_scalars=SCALARS))
LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"')


class Seeded:
    """A server with things to return, and their ids."""

    def __init__(self, app: RunningApp, call: Callable[..., Any], names: tuple[str, ...]) -> None:
        self.app = app
        self.call = call
        self.names = names


# graphql-core drops coroutines beside an error: they end here, and not in another test.
pytestmark = [
    pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(autouse=True)
def no_coroutines_left() -> Iterator[None]:
    """End what graphql-core left in cycles."""
    yield
    gc.collect()


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    bounds = {
        "max_query_cost": 10**9,
        "max_query_depth": 100,
        "max_query_aliases": 1000,
        "max_query_repeats": 1000,
    }
    with (
        anyio.from_thread.start_blocking_portal() as portal,
        portal.wrap_async_context_manager(
            running_app(tmp_path_factory.mktemp("cost"), bounds)
        ) as app,
    ):

        async def prepare() -> tuple[str, ...]:
            owned = await make_objects(app.services, "default_user")
            for number in range(25):
                await app.image(tags=[f"t{number}"])
            return tuple(str(value) for value in asdict(owned).values())

        yield Seeded(app, portal.call, portal.call(prepare))


class _Variables(Visitor):
    """Moves some arguments into variables, in forms that coercion takes."""

    def __init__(self, random: Random) -> None:
        super().__init__()
        self.random = random
        self.declared: list[str] = []
        self.sent: dict[str, Any] = {}

    def enter_field(self, node: FieldNode, *_: Any) -> FieldNode | None:
        arguments = [
            f"{one.name.value}: {self.value(one.name.value, one.value)}"
            for one in node.arguments or ()
        ]
        if not arguments:
            return None
        text = print_ast(FieldNode(name=node.name, alias=node.alias, directives=node.directives))
        head, _separator, directives = text.partition(" @")
        ending = f" @{directives}" if directives else ""
        parsed = parse("{ %s(%s)%s }" % (head, ", ".join(arguments), ending))
        operation = parsed.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        (changed,) = operation.selection_set.selections
        assert isinstance(changed, FieldNode)
        return FieldNode(
            name=changed.name,
            alias=changed.alias,
            arguments=changed.arguments,
            directives=changed.directives,
            selection_set=node.selection_set,
        )

    def value(self, argument: str, node: ValueNode) -> str:
        name = f"v{len(self.declared)}"
        if argument in {"first", "last"} and isinstance(node, IntValueNode):
            number = self.random.choice([0, 1, 7, 25, 100])
            match self.random.randrange(4):
                case 0:
                    return str(number)
                case 1:
                    self.declared.append(f"${name}: Int = {number}")
                case 2:
                    self.declared.append(f"${name}: Int = 1")
                    self.sent[name] = float(number)
                case _:
                    self.declared.append(f"${name}: Int")
                    self.sent[name] = number
            return f"${name}"
        if argument == "ids" and isinstance(node, ListValueNode) and self.random.random() < 0.7:
            kind = self.random.randrange(3)
            if kind == 0:
                self.declared.append(f"${name}: [ID!]! = {print_ast(node)}")
                return f"${name}"
            self.declared.append(f"${name}: {'[ID!]!' if kind == 1 else 'ID!'}")
            self.sent[name] = FLUX
            return f"${name}" if kind == 1 else f"[${name}, ${name}, ${name}]"
        return print_ast(node)


def with_variables(document: DocumentNode, random: Random) -> tuple[str, dict[str, Any]]:
    """Return the document with variables, and what to send for them."""
    mover = _Variables(random)
    text = print_ast(visit(document, mover))
    if mover.declared and text.startswith("{"):
        text = f"query Q({', '.join(mover.declared)}) {text}"
    return text, mover.sent


def check(seeded: Seeded, document: str, random: Random) -> None:
    named = LITERAL.sub(
        lambda found: json.dumps(random.choice([*seeded.names, FLUX, found[0][1:-1]])), document
    )
    try:
        parsed = parse(named)
    except Exception:  # noqa: BLE001 - a name within a block of text
        return
    query, variables = with_variables(parsed, random)

    async def ask() -> dict[str, Any]:
        response = await seeded.app.client.post(
            "/graphql", json={"query": query, "variables": variables}
        )
        answer: dict[str, Any] = response.json()
        return answer

    answer = seeded.call(ask)
    data = answer.get("data")
    if data is not None:
        data.pop("__schema", None)
        returned = count_objects(data) if any(data.values()) else 0
        assert answer["extensions"]["cost"]["estimated"] >= returned, (query, variables)


@given(document=QUERIES, random=st.randoms(use_true_random=False))
@settings(max_examples=40, suppress_health_check=list(HealthCheck))
def test_no_operation_returns_more_than_it_was_estimated_at(
    seeded: Seeded, document: str, random: Random
) -> None:
    check(seeded, document, random)


@pytest.mark.survival
@given(document=QUERIES, random=st.randoms(use_true_random=False))
@settings(max_examples=3000, suppress_health_check=list(HealthCheck))
def test_none_of_thousands_does_either(seeded: Seeded, document: str, random: Random) -> None:
    check(seeded, document, random)
