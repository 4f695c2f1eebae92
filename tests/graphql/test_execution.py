"""The executor answers as graphql-core's own does, whatever is asked and whatever is there."""

import asyncio
import json
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

import pytest
import strawberry
from graphql import GraphQLError, GraphQLResolveInfo, Undefined
from hypothesis import given
from hypothesis import strategies as st
from strawberry.extensions import DisableValidation, ParserCache, SchemaExtension
from strawberry.scalars import JSON
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types import ExecutionContext, ExecutionResult

from gql_server.api.scalars import DATE_TIME
from gql_server.graphql.execution.error_order import in_order_of_fields
from gql_server.graphql.execution.executor import PlainFieldExecutor
from gql_server.graphql.execution.plain_fields import ATTRIBUTE_WITHOUT_ARGUMENTS

T = TypeVar("T")


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.type
class Pair:
    left: str
    right: int | None


@strawberry.type
class Box(Generic[T]):
    item: T
    note: str | None


@strawberry.type
class Thing(Node):
    name: str
    count: int
    ratio: float | None
    flag: bool
    colour: Colour
    when: datetime
    blob: JSON | None
    tags: list[str]
    matrix: list[list[int | None]] | None
    pair: Pair | None
    child: "Thing | None"
    children: list["Thing | None"]
    sure: list["Pair"]
    box: Box["Thing"] | None

    @strawberry.field
    def loud(self) -> str:
        return f"{self.name}!"

    @strawberry.field
    async def late(self) -> str | None:
        await asyncio.sleep(0)
        return f"{self.name}?"

    @strawberry.field(metadata={ATTRIBUTE_WITHOUT_ARGUMENTS: "name"})  # type: ignore[untyped-decorator]  # Strawberry's overloads lose the signature with metadata
    def sized(self, width: int = 0) -> str:
        return f"{self.name}@{width}" if width else self.name


@strawberry.type
class Other(Node):
    name: str | None


@strawberry.type
class Query:
    @strawberry.field
    def thing(self, info: strawberry.Info[Any, Any]) -> Thing | None:
        return info.context  # type: ignore[no-any-return]

    @strawberry.field
    async def things(self, info: strawberry.Info[Any, Any]) -> list[Thing]:
        return [info.context, info.context]

    @strawberry.field
    def node(self, info: strawberry.Info[Any, Any]) -> Node | None:
        return info.context  # type: ignore[no-any-return]

    @strawberry.field
    def nodes(self, info: strawberry.Info[Any, Any]) -> list[Node | None]:
        return [info.context, _made(Other, {"id": "o", "name": None}), None]


class Schema(strawberry.Schema):
    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Keep them out of the log."""


class Later:
    """A value that is not there yet, as often as it is asked for."""

    def __await__(self) -> Generator[Any, None, str]:
        yield from asyncio.sleep(0).__await__()
        return "later"


def _schema(
    executor: type[StrawberryGraphQLCoreExecutionContext],
    extensions: list[type[SchemaExtension]] | None = None,
) -> Schema:
    return Schema(
        query=Query,
        types=[Thing, Other],
        config=StrawberryConfig(scalar_map={datetime: DATE_TIME}),
        extensions=[DisableValidation, lambda: ParserCache(maxsize=1000), *(extensions or [])],
        execution_context_class=executor,
    )


PLAIN = _schema(PlainFieldExecutor)
REFERENCE = _schema(StrawberryGraphQLCoreExecutionContext)


def _made(kind: type[T], attributes: Mapping[str, Any]) -> T:
    """Make an object that has these attributes and no others."""
    instance = kind.__new__(kind)
    vars(instance).update(attributes)
    return instance


GOOD_PAIR = _made(Pair, {"left": "l", "right": 2})
GOOD_VALUES: Mapping[str, Any] = {
    "id": "t",
    "name": "Ann",
    "count": 3,
    "ratio": 0.5,
    "flag": True,
    "colour": Colour.RED,
    "when": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    "blob": {"z": 1, "a": [None]},
    "tags": ["x", "y"],
    "matrix": [[1, None], []],
    "pair": GOOD_PAIR,
    "child": None,
    "children": [],
    "sure": [GOOD_PAIR],
    "box": None,
}
ODD_VALUES: Sequence[Any] = (
    None,
    "text",
    "7",
    7,
    1.0,
    1.5,
    float("nan"),
    2**40,
    True,
    [],
    [None],
    ["a", None, 3],
    ("a", "b"),
    [[1, "x"], None],
    {"a": 1},
    object(),
    Colour.BLUE,
    Later(),
    [Later()],
    ValueError("kept as a value"),
    [KeyError("in a list")],
    GOOD_PAIR,
    _made(Pair, {"left": None, "right": "9"}),
    _made(Other, {"id": "o", "name": "Bob"}),
    SimpleNamespace(left="x", right=1, id="s", name="s"),
    strawberry.UNSET,
    Undefined,
)


@st.composite
def things(draw: st.DrawFn, depth: int = 2) -> Thing:
    values: dict[str, Any] = dict(GOOD_VALUES)
    if depth:
        values["child"] = draw(st.none() | things(depth - 1))
        values["children"] = draw(st.lists(st.none() | things(depth - 1), max_size=2))
        values["box"] = draw(
            st.none() | things(depth - 1).map(lambda one: _made(Box, {"item": one, "note": "n"}))
        )
    for name in draw(st.lists(st.sampled_from(sorted(values)), max_size=2)):
        values[name] = draw(st.sampled_from(ODD_VALUES))
    if draw(st.integers(0, 9)) == 0:
        del values[draw(st.sampled_from(sorted(values)))]
    return _made(Thing, values)


LEAVES: Mapping[str, tuple[str, ...]] = {
    "Thing": (
        *("id", "name", "count", "ratio", "flag", "colour", "when", "blob", "tags", "matrix"),
        *("loud", "late", "sized", "wide: sized(width: 3)", "given: sized(width: $width)"),
        *("__typename", "kind: __typename", "title: name", "missing"),
    ),
    "Pair": ("left", "right", "l: left", "__typename"),
    "Box": ("note", "__typename"),
    "Node": ("id", "__typename", "n: id"),
    "Other": ("name", "id"),
}
BRANCHES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Thing": (
        *(("child", "Thing"), ("children", "Thing"), ("offspring: children", "Thing")),
        *(("pair", "Pair"), ("sure", "Pair"), ("box", "Box")),
    ),
    "Box": (("item", "Thing"),),
    "Query": (("thing", "Thing"), ("things", "Thing"), ("node", "Node"), ("nodes", "Node")),
}
DIRECTIVES = st.sampled_from(
    (
        *("",) * 12,
        " @skip(if: $on)",
        " @include(if: $on)",
        " @skip(if: false)",
        " @include(if: $no)",
    )
)


@st.composite
def selections(draw: st.DrawFn, kind: str, depth: int) -> str:
    leaves = st.sampled_from(LEAVES.get(kind, ("__typename",)))
    parts = [draw(leaves) + draw(DIRECTIVES) for _ in range(draw(st.integers(1, 4)))]
    if depth and kind in BRANCHES:
        for name, inner in draw(st.lists(st.sampled_from(BRANCHES[kind]), max_size=3)):
            parts.append(f"{name}{draw(DIRECTIVES)} {draw(selections(inner, depth - 1))}")
    if depth and draw(st.booleans()):
        on = draw(st.sampled_from(("Thing", "Other"))) if kind == "Node" else kind
        if on != "Query" and draw(st.booleans()):
            parts.append(f"...{on}Fragment{draw(DIRECTIVES)}")
        else:
            parts.append(f"... on {on}{draw(DIRECTIVES)} {draw(selections(on, depth - 1))}")
    return f"{{ {' '.join(draw(st.permutations(parts)))} }}"


@st.composite
def documents(draw: st.DrawFn) -> str:
    fragments = [
        f"fragment {kind}Fragment on {kind} {draw(selections(kind, 0))}"
        for kind in ("Thing", "Other", "Pair", "Box")
    ]
    query = draw(selections("Query", 4))
    variables = "($on: Boolean!, $no: Boolean! = false, $width: Int)"
    return "\n".join((f"query Q{variables} {query}", *fragments))


def _compare(document: str, thing: Thing, variables: dict[str, Any]) -> None:
    plain = _answer(PLAIN, document, thing, variables)
    reference = _answer(REFERENCE, document, thing, variables)
    # As text, so that the order of keys counts and NaN equals itself.
    assert json.dumps(plain, default=repr) == json.dumps(reference, default=repr)


def _answer(schema: Schema, document: str, thing: object, variables: dict[str, Any]) -> Any:
    async def execute() -> ExecutionResult:
        result = await schema.execute(document, variable_values=variables, context_value=thing)
        assert isinstance(result, ExecutionResult)
        # What was resolving beside a fault is settled in the background.
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)
        return result

    result = asyncio.run(execute())
    errors = result.errors or []
    if schema is REFERENCE:  # which has them in the order of chance in which fields complete
        errors = in_order_of_fields(errors, result.data)
    return {"data": result.data, "errors": [error.formatted for error in errors]}


@given(documents(), things(), st.sampled_from((None, 4)))
def test_answers_are_those_of_graphql_core(document: str, thing: Thing, width: int | None) -> None:
    for on in (True, False, True):
        _compare(document, thing, {"on": on, "width": width})


@pytest.mark.parametrize(
    "field",
    [
        *("id", "name", "count", "ratio", "flag", "colour", "when", "blob", "tags", "matrix"),
        *("pair { left right }", "child { id name }", "children { id }", "sure { right left }"),
        *("box { note item { id } }", "sized", "child { __typename }", "pair { __typename }"),
    ],
)
def test_odd_values_are_answered_as_by_graphql_core(field: str) -> None:
    name = field.partition(" ")[0]
    document = f"{{ thing {{ id {field} }} nodes {{ id ... on Thing {{ {field} }} }} }}"
    inside = f"{{ thing {{ id child {{ {field} }} children {{ flag {field} }} }} }}"
    for value in (*ODD_VALUES, *GOOD_VALUES.values()):
        thing = _made(Thing, {**GOOD_VALUES, name if name != "sized" else "name": value})
        _compare(document, thing, {})
        outer = _made(Thing, {**GOOD_VALUES, "child": thing, "children": [None, thing]})
        _compare(inside, outer, {})


def test_a_selection_that_variables_switch_is_planned_for_each_of_their_values() -> None:
    document = "query ($on: Boolean!) { thing { sure { left right @include(if: $on) } } }"
    thing = _made(Thing, GOOD_VALUES)
    for on in (True, False, True):
        _compare(document, thing, {"on": on})


@pytest.mark.parametrize(
    ("selection", "resolved"),
    [
        ("name tags __typename pair { left } sure { right } children { id }", 0),
        ("name sized pair { left }", 0),
        ("name sized(width: 3) pair { left }", 1),
        ("name loud", 1),
        ("sure { left }", 0),
    ],
)
def test_only_fields_that_are_not_plain_cost_a_call(
    selection: str, resolved: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields: list[str] = []
    execute_field = PlainFieldExecutor.execute_field

    def noted(self: Any, parent_type: Any, source: Any, details: Any, *rest: Any) -> Any:
        fields.append(details[0].node.name.value)
        return execute_field(self, parent_type, source, details, *rest)

    monkeypatch.setattr(PlainFieldExecutor, "execute_field", noted)
    answer = _answer(PLAIN, f"{{ thing {{ {selection} }} }}", _made(Thing, GOOD_VALUES), {})
    assert answer["errors"] == []
    assert len(fields) == 1 + resolved


def test_fields_keep_the_order_of_the_selection() -> None:
    document = "{ thing { late name loud id child { id } sized(width: 1) count } }"
    answer = _answer(PLAIN, document, _made(Thing, GOOD_VALUES), {})
    assert list(answer["data"]["thing"]) == [
        *("late", "name", "loud", "id", "child", "sized", "count")
    ]


def test_a_null_in_a_nested_plain_field_is_located() -> None:
    broken = _made(Thing, {**GOOD_VALUES, "pair": _made(Pair, {"left": None, "right": 1})})
    answer = _answer(PLAIN, "{ thing { name pair { right left } } }", broken, {})
    assert answer["data"] == {"thing": {"name": "Ann", "pair": None}}
    assert answer["errors"] == [
        {
            "message": "Cannot return null for non-nullable field Pair.left.",
            "locations": [{"line": 1, "column": 29}],
            "path": ["thing", "pair", "left"],
        }
    ]


def test_an_extension_that_resolves_sees_every_field() -> None:
    class Shouting(SchemaExtension):
        def resolve(
            self,
            _next: Callable[..., Any],
            root: Any,
            info: GraphQLResolveInfo[Any],
            *args: str,
            **kwargs: Any,
        ) -> Any:
            value = _next(root, info, *args, **kwargs)
            return value.upper() if isinstance(value, str) else value

    schema = _schema(PlainFieldExecutor, [Shouting])
    answer = _answer(schema, "{ thing { name pair { left } } }", _made(Thing, GOOD_VALUES), {})
    assert answer == {"data": {"thing": {"name": "ANN", "pair": {"left": "L"}}}, "errors": []}
