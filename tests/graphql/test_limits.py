"""What an operation may have at most."""

import time
from collections.abc import Mapping
from typing import Any

import pytest
import strawberry
from graphql import get_introspection_query, parse

from gql_server.api.models.types import MAX_MODELS
from gql_server.api.schema import build_schema
from gql_server.graphql.execution.documents import Documents
from gql_server.graphql.execution.limits import Limits, limit_errors
from gql_server.graphql.execution.schema import Schema
from gql_server.inference.catalogue import load_catalogue
from tests.support.running_app import RunningApp

pytestmark = pytest.mark.anyio

DOCUMENTS: Documents = build_schema().documents


def codes(document: str, limits: Limits | None = None) -> set[str]:
    errors = (
        DOCUMENTS.prepare(document).errors
        if limits is None
        else limit_errors(parse(document), limits)
    )
    return {str((error.extensions or {}).get("code")) for error in errors}


FRAGMENTS = " ".join(f"fragment F{i} on Query {{ ...F{i + 1} a{i}: __typename }}" for i in range(9))
DOUBLING = " ".join(
    f"fragment F{i} on Query {{ ...F{i + 1} ... on Query {{ ...F{i + 1} }} }}" for i in range(60)
)
DEEP = "{ images { edges { node { template { images { edges { node { id } } } } } } } }"


@pytest.mark.parametrize(
    ("document", "code", "limits"),
    [
        (DEEP, "QUERY_TOO_DEEP", {"depth": 7}),
        ("{ ...A } fragment A on Query { ...B } fragment B on Query { models { id } }",
         "QUERY_TOO_DEEP", {"depth": 1}),
        ("{ a: __typename b: __typename }", "TOO_MANY_ALIASES", {"aliases": 1}),
        ("{ ...F0 } " + FRAGMENTS + " fragment F9 on Query { __typename }",
         "TOO_MANY_ALIASES", {"aliases": 8}),
        ("{ a: __typename @skip(if: true) b: __typename @skip(if: true) }",
         "TOO_MANY_DIRECTIVES", {"directives": 1}),
        ("{ __typename @a @b @c @d @e @f }", "TOO_MANY_DIRECTIVES", {}),
        ("{ __typename __typename __typename }", "TOO_MANY_REPEATS", {"repeats": 2}),
        ("{ __typename ... { __typename ... { __typename } } }",
         "TOO_MANY_REPEATS", {"repeats": 2}),
        ("{ images { " + " ".join(f"...F{i}" for i in range(61)) + " } } "
         + " ".join(f"fragment F{i} on ImageConnection {{ totalCount }}" for i in range(61)),
         "TOO_MANY_FRAGMENTS", {}),
        ("{ ...A ...A ...A } fragment A on Query { __typename }",
         "TOO_MANY_REPEATS", {"repeats": 2}),
    ],
)  # fmt: skip
def test_each_limit_has_its_code_and_what_is_within_is_taken(
    document: str, code: str, limits: Mapping[str, int]
) -> None:
    assert codes(document, Limits(**limits)) == {code}
    if limits:
        ((name, limit),) = limits.items()
        assert codes(document, Limits(**{name: limit + 1})) == set()


@pytest.mark.parametrize(
    "document",
    [
        "#" * 8_000_000 + "\n{ __typename }",
        '{ image(id: "' + "x" * 8_000_000 + '") { id } }',
        "{ " + "x" * 8_000_000 + " }",
        "{ images(first: " + "1" * 8_000_000 + ") { totalCount } }",
        "{" + "," * 8_000_000 + "__typename }",
    ],
)  # fmt: skip
def test_a_document_that_is_too_long_is_not_read(document: str) -> None:
    began = time.process_time()
    (error,) = DOCUMENTS.prepare(document).errors
    assert time.process_time() - began < 0.05
    assert error.extensions == {"code": "QUERY_TOO_LONG", "limit": 65_536}


def test_every_list_says_how_long_it_can_be() -> None:
    @strawberry.type(description="A thing.")
    class Thing:
        name: str = ""

    @strawberry.type(description="The root.")
    class Query:
        @strawberry.field
        def things(self) -> list[Thing]:
            return []

    with pytest.raises(LookupError, match=r"Query\.things"):
        Schema(Limits(), query=Query)


def test_the_catalogue_is_within_its_weight() -> None:
    assert len(load_catalogue().models) <= MAX_MODELS


def test_tokens_are_counted_as_they_are_read() -> None:
    documents = build_schema(Limits(tokens=5)).documents
    (error,) = documents.prepare("{ models { id } }").errors
    assert error.extensions == {"code": "QUERY_TOO_LONG", "limit": 5}
    assert documents.prepare("{ __typename }").errors == ()


ESTIMATE = "query Q($input: CostEstimateInput!) { costEstimate(input: $input) { __typename } }"
SPREAD = """query Q($n: Int) { images(last: $n) { ...P } }
fragment P on ImageConnection { edges { node { template { ...T } } } }
fragment T on Template { images(first: 2) { totalCount } }"""


def cost(document: str, **variables: Any) -> int:
    prepared = DOCUMENTS.prepare(document)
    assert prepared.errors == ()
    return prepared.cost(None, variables)


@pytest.mark.parametrize(
    ("document", "variables", "expected"),
    [
        ("{ __typename }", {}, 0),
        ("{ image(id: 1) { id } }", {}, 1),
        ("{ models { id } }", {}, 60),
        ("{ images { totalCount } }", {}, 20),
        ("{ images(first: 7) { pageInfo { endCursor } } }", {}, 7 * 2),
        ("{ images(first: 7) { edges { node { id } } } }", {}, 7 * 3),
        ("{ images(last: 7) { edges { node { id model { id } } } } }", {}, 7 * 4),
        ("{ images(first: 1000) { totalCount } }", {}, 100),
        ("{ nodes(ids: [1, 2, 3]) { id } }", {}, 3),
        ("query Q($ids: [ID!]!) { nodes(ids: $ids) { id } }", {"ids": ["a"] * 9}, 9),
        ("query Q($n: Int) { images(first: $n) { totalCount } }", {"n": 9}, 9),
        ("query Q($n: Int = 8) { images(first: $n) { totalCount } }", {}, 8),
        ("query Q($n: Int) { images(first: $n) { totalCount } }", {"n": "x"}, 20),
        # However its arguments are given: as coercion takes them.
        ("query Q($n: Int) { images(first: $n) { totalCount } }", {"n": 9.0}, 9),
        ("query Q($n: Int) { images(first: $n) { totalCount } }", {"n": None}, 20),
        ("query Q($n: Int = 8) { images(first: $n) { totalCount } }", {"n": 100.0}, 100),
        ("{ images(first: 1, last: 90) { totalCount } }", {}, 90),
        ("{ images(first: 0) { totalCount } }", {}, 1),
        ('query Q($ids: [ID!]! = ["a", "b", "c"]) { nodes(ids: $ids) { id } }', {}, 3),
        ("query Q($id: ID!) { nodes(ids: [$id, $id]) { id } }", {"id": "a"}, 2),
        ("query Q($id: [ID!]!) { nodes(ids: $id) { id } }", {"id": "a"}, 1),
        ("{ costAnalytics { timeline(limit: 500) { totalCost } } }", {}, 501),
        ("{ costAnalytics { byUser { totalCost } byTemplate(limit: 7) { totalCost } } }", {}, 108),
        (ESTIMATE, {"input": {"batch": {"pictures": {"prompts": ["a"] * 50}}}}, 51),
        (ESTIMATE, {"input": {"batch": {"pictures": {"items": {"prompt": "a"}},
                                        "imagesPerPrompt": 10_000.0}}}, 1 + 1 + 999),
        (SPREAD, {"n": 5}, 5 * (1 + 1 + 1 + 1 + 2)),
        ("{ __schema { types { fields { name } } } }", {}, 2_000),
    ],
)  # fmt: skip
def test_the_cost_is_what_the_pages_multiply(
    document: str, variables: dict[str, Any], expected: int
) -> None:
    assert cost(document, **variables) == expected


async def test_an_operation_that_costs_too_much_is_not_run_and_others_report_their_cost(
    app: RunningApp,
) -> None:
    document = """query Q($n: Int) { images(first: $n) { edges { node { template {
        images(first: $n) { edges { node { id } } } } } } } }"""
    cheap = await app.answer(document, n=20)
    assert cheap["extensions"]["cost"] == {"estimated": 20 * (4 + 60), "limit": 12_000}
    dear = await app.answer(document, n=100)
    assert "data" not in dear
    assert dear["errors"][0]["extensions"] == {"code": "QUERY_TOO_COMPLEX", "limit": 12_000}


@pytest.mark.parametrize(
    "document",
    [
        "{ ...F0 } " + DOUBLING + " fragment F60 on Query { __typename }",
        "{ images { ...F0 } } "
        + " ".join(
            f"fragment F{i} on ImageConnection {{ ...F{i + 1} edges {{ node {{ id }} }} }}"
            for i in range(200)
        )
        + " fragment F200 on ImageConnection { totalCount }",
        "{ images { " + " ".join(f"...F{i}" for i in range(60)) + " } } "
        + " ".join(f"fragment F{i} on ImageConnection {{ totalCount }}" for i in range(60)),
        "{ " + " ".join(f"a{i}: __typename" for i in range(1000)) + " }",
        "{ " + " ".join(f"nothing{i}" for i in range(3000)) + " }",
        "{ " + "__typename @nothing " * 1000 + "}",
        "{" + "images{edges{node{template{" * 500,
        "#" * 400_000 + "\n" + "# x\n" * 100_000 + "{ __typename }",
        '{ image(id: "' + "x" * 900_000 + '") { id } }',
    ],
)  # fmt: skip
def test_no_document_takes_long_to_refuse_or_to_take(document: str) -> None:
    DOCUMENTS.prepare("{ __typename }")
    began = time.process_time()
    prepared = DOCUMENTS.prepare(document)
    if not prepared.errors:
        prepared.cost(None, {})
    assert time.process_time() - began < 2


async def test_the_playgrounds_introspection_is_within_every_limit() -> None:
    assert codes(get_introspection_query(input_value_deprecation=True, type_depth=9)) == set()


async def test_a_page_of_everything_is_within_every_limit() -> None:
    everything = """{ images(first: 100) { totalCount pageInfo { endCursor } edges { cursor node {
        id url model { id parameters { name } } template { id name images(first: 2) { edges {
        node { id } } } } parameters { seed } } } } }"""
    assert codes(everything) == set()
    assert cost(everything) < Limits().cost
