"""The descriptions in the schema and in OpenAPI stand alone, in the words of the field."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    get_named_type,
    is_specified_scalar_type,
)

from gql_server.rest.application import rest_application
from tests.support.sdl import SCHEMA

NOT_ALONE: Final = re.compile(
    r"^(It|Its|They|Them|Their|This|That|These|Those|Who|Whose|Which|What|Such|Some|For people|"
    r"For programs|(When|Where|How|Whether|If|Before|After|Of) (it|they|this|that|these|on)|"
    r"From when)\b"
)
ODD_WORDS: Final = re.compile(
    r"\b(tells?|told|faults?|mends?|mended|wanted|anew|begun|goes on|went on|by and by|picture|"
    r"pictures|good no longer|for ever|kept from|kept it from|none:|left out|asked for|"
    r"asks? for|moment|is no (?!longer)(?<!there is no )|refilled by|somebody|nobody|whoever)\b",
    re.IGNORECASE,
)
UNITS: Final = re.compile(
    r"\b(number|maximum|minimum|count|pixels?|seconds?|milliseconds|bytes|dollars|neurons|percent|"
    r"percentage|fraction|position|sequence|from 0|default value|allowance|cost|status|scale|steps|"
    r"seed|price|code|size|version|score)\b",
    re.IGNORECASE,
)
NUMBERS: Final = {"Int", "Float", "Seed", "BigInt"}


def schema_descriptions() -> Iterator[tuple[str, str, str | None]]:
    """Yield where each description stands, the type of what it describes, and the text."""
    for name, kind in SCHEMA.type_map.items():
        if name.startswith("__") or is_specified_scalar_type(kind):
            continue
        yield name, "", kind.description
        if isinstance(kind, GraphQLEnumType):
            for value, entry in kind.values.items():
                yield f"{name}.{value}", "", entry.description
        if isinstance(kind, GraphQLInputObjectType):
            for part, given in kind.fields.items():
                yield f"{name}.{part}", get_named_type(given.type).name, given.description
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for part, field in kind.fields.items():
                yield f"{name}.{part}", get_named_type(field.type).name, field.description
                for argument, taken in field.args.items():
                    where = f"{name}.{part}({argument}:)"
                    yield where, get_named_type(taken.type).name, taken.description


def rest_descriptions(found: Any, where: str = "") -> Iterator[tuple[str, str, str | None]]:
    """Yield the same of OpenAPI's description."""
    if isinstance(found, dict):
        text = found.get("description")
        if isinstance(text, str):
            kind = found.get("schema", found).get("type", "")
            yield where, {"integer": "Int", "number": "Float"}.get(kind, ""), text
        for key, value in found.items():
            if key not in {"example", "examples", "default"}:
                yield from rest_descriptions(value, f"{where}/{key}")
    elif isinstance(found, list):
        for index, value in enumerate(found):
            yield from rest_descriptions(value, f"{where}/{index}")


def findings(descriptions: Iterator[tuple[str, str, str | None]]) -> list[str]:
    found = []
    for where, kind, text in descriptions:
        if not text or not text.rstrip().endswith((".", ")", "`", "…")):
            found.append(f"{where}: no whole sentence: {text!r}")
            continue
        if NOT_ALONE.search(text):
            found.append(f"{where}: does not stand alone: {text!r}")
        if odd := ODD_WORDS.search(text):
            found.append(f"{where}: {odd.group()!r}: {text!r}")
        if kind in NUMBERS and not UNITS.search(text):
            found.append(f"{where}: a number without its unit: {text!r}")
    return found


def test_descriptions_in_the_schema_stand_alone() -> None:
    assert findings(schema_descriptions()) == []


def test_descriptions_in_openapi_stand_alone() -> None:
    assert findings(rest_descriptions(rest_application().openapi())) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Whose it is.", ""),
        ("The faults of the request.", ""),
        ("Null when it is no remake.", ""),
        ("Height of the image.", "Int"),
        ("", ""),
    ],
)
def test_what_the_rule_finds(text: str, kind: str) -> None:
    assert findings(iter([("Image.field", kind, text)]))
