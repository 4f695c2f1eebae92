"""What the client sends and reads is in the schema, and what it loads is its own."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    is_enum_type,
    parse,
    validate,
)
from pydantic.alias_generators import to_camel

import gql_server.client as public
from gql_server.client import inputs
from gql_server.client.documents import DOCUMENTS
from gql_server.client.errors.rejections import REJECTIONS, Rejected
from gql_server.client.errors.requests import REQUEST_ERRORS, RequestError
from gql_server.client.errors.suggestions import SUGGESTIONS
from gql_server.client.results.base import Result
from tests.support.sdl import SCHEMA
from tools.reference.errors import error_texts

NAMES = {
    "Costs": "CostAnalytics",
    "ImageFile": "Image",
    "ModelName": "Model",
    "Notice": "SizeWarning",
    "Parameters": "GenerationParameters",
}
"""Results whose name is not that of their type."""

LOADED = "import sys, gql_server.client; print(*sys.modules)"
ITS_OWN = {"client", "quoting", "text_files", "tls"}
OTHERS = {
    *("annotated_types", "pydantic", "pydantic_core", "typing_extensions", "typing_inspection"),
    *("anyio", "certifi", "h11", "httpcore", "httpx", "httpx_sse", "idna", "sniffio", "websockets"),
    *("_brotli", "brotli", "click", "h2", "hpack", "hyperframe", "markdown_it", "mdurl"),
    *("pygments", "python_socks", "rich", "socksio", "zstandard"),
}
"""httpx and websockets load the last ones where they are installed."""


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_document_is_valid(name: str) -> None:
    assert validate(SCHEMA, parse(DOCUMENTS[name])) == []


def result_types() -> list[type[Result]]:
    found = [kind for kind in vars(public).values() if isinstance(kind, type)]
    return [kind for kind in found if issubclass(kind, Result) and not kind.selected]


@pytest.mark.parametrize("kind", result_types(), ids=lambda kind: kind.__name__)
def test_every_field_of_a_result_has_the_type_of_the_schema(kind: type[Result]) -> None:
    schema_type = SCHEMA.type_map[NAMES.get(kind.__name__, kind.__name__)]
    assert isinstance(schema_type, GraphQLObjectType)
    for name, hint in get_type_hints(kind).items():
        if name not in kind.model_fields or name in kind.not_selected or name == "kind":
            continue
        field_type = schema_type.fields[to_camel(name)].type
        is_nullable = not isinstance(field_type, GraphQLNonNull)
        bare = field_type if is_nullable else field_type.of_type
        assert hint is Any or (NoneType in get_args(hint)) == is_nullable, name
        is_list = any(get_origin(one) is tuple for one in (hint, *get_args(hint)))
        assert is_list == isinstance(bare, GraphQLList), name
        parts = {hint, *get_args(hint)}
        assert (datetime in parts) == (str(bare) == "DateTime"), name
        is_money = str(bare) == "Float" and "US dollars" in (
            schema_type.fields[to_camel(name)].description or ""
        )
        assert (Decimal in parts) == is_money, name


@pytest.mark.parametrize(
    ("settings", "given"),
    [
        (inputs.ImageSettings, "GenerateImageInput"),
        (inputs.ImageSettings, "GenerateBatchInput"),
        (inputs.ItemSettings, "BatchItemInput"),
        (inputs.RemakeSettings, "RemakeImageInput"),
    ],
)
def test_settings_are_all_those_of_the_input(settings: Any, given: str) -> None:
    kind = SCHEMA.type_map[given]
    assert isinstance(kind, GraphQLInputObjectType)
    arguments = {"prompt", "maxCost", "idempotencyKey", "wait", "webhookUrl", "id", "pictures"}
    arguments |= {"imagesPerPrompt", "name", "priority"}
    names = {to_camel(name) for name in get_type_hints(settings)}
    assert names - {"prompt"} == kind.fields.keys() - arguments


@pytest.mark.parametrize(
    ("literal", "name"),
    [
        (inputs.Priority, "BatchPriority"),
        (inputs.Deleted, "DeletedImages"),
        (inputs.ImageOrder, "ImageOrder"),
        (inputs.BatchStatus, "BatchStatus"),
        (inputs.ItemStatus, "BatchItemStatus"),
        (inputs.Interval, "TimelineInterval"),
    ],
)
def test_choices_are_all_those_of_the_schema(literal: Any, name: str) -> None:
    enum = SCHEMA.type_map[name]
    assert is_enum_type(enum)
    assert set(get_args(literal)) == enum.values.keys()


def test_every_error_code_has_an_exception_of_its_own_type_and_a_suggestion() -> None:
    texts = {one.code: one.kind for one in error_texts()}
    assert REQUEST_ERRORS.keys() == {code for code, kind in texts.items() if kind == "request"}
    assert REJECTIONS.keys() == {code for code, kind in texts.items() if kind == "input"}
    assert SUGGESTIONS.keys() == texts.keys()
    kinds: set[Any] = {*REQUEST_ERRORS.values(), *REJECTIONS.values()}
    assert kinds & {RequestError, Rejected} == set()
    assert {kind.__name__ for kind in kinds} <= set(public.__all__)


def test_every_result_is_public() -> None:
    assert {kind.__name__ for kind in subclasses(Result)} <= set(public.__all__)


def subclasses(kind: type[Result]) -> Iterator[type[Result]]:
    for one in kind.__subclasses__():
        yield one
        yield from subclasses(one)


def test_the_client_loads_nothing_of_the_server() -> None:
    printed = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    ).stdout
    modules = [name for name in printed.split() if not name.startswith("_")]
    own = {name.split(".")[1] for name in modules if name.startswith("gql_server.")}
    assert own == ITS_OWN
    packages = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names)
    assert packages - OTHERS == {"gql_server"}
