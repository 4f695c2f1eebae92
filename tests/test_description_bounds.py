"""Descriptions of inputs state the bounds that the code enforces, and what omission means.

Bounds are the constants that validation uses: a description with another number fails here.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    Undefined,
    get_named_type,
    is_non_null_type,
)

from gql_server.access.keys import MAX_KEY_TEXT_LENGTH
from gql_server.api.batches.queries import MAX_KEYS
from gql_server.api.costs import queries as costs
from gql_server.api.images.filters import MAX_IDS
from gql_server.api.node_queries import MAX_NODES
from gql_server.api.webhooks.queries import MAX_SUBJECTS
from gql_server.batches.remake import MAX_REMADE
from gql_server.batches.validation import MAX_IMAGES, MAX_NAME_LENGTH
from gql_server.cli.commands import LISTINGS, load_command
from gql_server.database.engine.pages import DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE
from gql_server.domain.errors import MAX_ERRORS
from gql_server.domain.search import MAX_WORDS
from gql_server.domain.skipped_models import MAX_MODELS
from gql_server.domain.text import MAX_JSON_BYTES
from gql_server.generation import templates
from gql_server.generation.create_upload import (
    MAX_UPLOAD_BYTES,
    MAX_UPLOAD_PIXELS,
    MAX_UPLOAD_SIDE,
)
from gql_server.generation.requests.prompts import MIN_PROMPT_LENGTH
from gql_server.generation.requests.tags_and_metadata import MAX_TAG_LENGTH, MAX_TAGS
from gql_server.idempotency.operations import MAX_KEY_LENGTH
from gql_server.inference.catalogue import load_catalogue
from gql_server.ledger.budgets.budgets import MAX_DOLLARS, MAX_SUBJECT_LENGTH
from gql_server.mcp.schemas.fields import plain_schema
from gql_server.mcp.tools.table import TOOLS
from gql_server.openai.description.openapi import document
from gql_server.openai.options import OpenAIOptions
from gql_server.rest.application import rest_application
from gql_server.settings.fields import SettingFields
from gql_server.storage.addresses import MAX_WIDTH
from gql_server.storage.store import DEFAULT_URL_SECONDS, MAX_URL_SECONDS
from gql_server.webhooks.addresses import MAX_URL_LENGTH
from tests.support.sdl import SCHEMA

_KIB: Final = MAX_JSON_BYTES // 1024
_MIB: Final = MAX_UPLOAD_BYTES // 1024**2
_LIST_LIMIT: Final = (1, 1_000, 100)
BY_MODEL: Final = "depends? on the model"
BOUNDS: Final[Mapping[str, Sequence[int]]] = {
    "first:": (1, MAX_PAGE_SIZE, DEFAULT_PAGE_SIZE),
    "last:": (1, MAX_PAGE_SIZE),
    "limit:": _LIST_LIMIT,
    "timeline(limit:)": (1, 10_000, 1_000),
    "ids:": (MAX_NODES,),
    "width:": (1, MAX_WIDTH),
    "expiresIn:": (1, MAX_URL_SECONDS, DEFAULT_URL_SECONDS),
    "finishedItems(after:)": (0,),
    "batchProgress(after:)": (0,),
    "prompt": (MIN_PROMPT_LENGTH,),
    "prompts": (1, MAX_IMAGES, MIN_PROMPT_LENGTH),
    "items": (1, MAX_IMAGES),
    "imagesPerPrompt": (1, MAX_IMAGES),
    "variations": (1, MAX_IMAGES),
    "RemakeImagesInput.ids": (1, MAX_REMADE),
    "tags": (MAX_TAGS, 1, MAX_TAG_LENGTH),
    "BatchFilter.tags": (MAX_TAGS,),
    "ImageFilter.tags": (MAX_TAGS,),
    "metadata": (_KIB,),
    "BatchFilter.metadata": (MAX_KEYS,),
    "search": (MAX_WORDS,),
    "models": (MAX_MODELS,),
    "ImageFilter.models": (MAX_IDS,),
    "CostFilter.models": (costs.MAX_IDS,),
    "ImageFilter.templates": (MAX_IDS,),
    "CostFilter.templates": (costs.MAX_IDS,),
    "batches": (MAX_IDS,),
    "userIds": (costs.MAX_IDS,),
    "subjectIds": (MAX_SUBJECTS,),
    "name": (1, MAX_NAME_LENGTH),
    "CreateApiKeyInput.name": (MAX_KEY_TEXT_LENGTH,),
    "CreateApiKeyInput.userId": (1, MAX_KEY_TEXT_LENGTH),
    "CreateTemplateInput.name": (1, templates.MAX_NAME_LENGTH),
    "UpdateTemplateInput.name": (1, templates.MAX_NAME_LENGTH),
    "description": (templates.MAX_DESCRIPTION_LENGTH,),
    "defaultPrompt": (templates.MAX_PROMPT_LENGTH,),
    "maxCost": (0,),
    "maxImages": (0,),
    "limit": (0, MAX_DOLLARS),
    "SetBudgetInput.userId": (1, MAX_SUBJECT_LENGTH),
    "webhookUrl": (MAX_URL_LENGTH,),
    "idempotencyKey": (1, MAX_KEY_LENGTH, 24),
    "strength": (0, 1),
    "parameters": (_KIB,),
    "CreateTemplateInput.parameters": (),
    "UpdateTemplateInput.parameters": (),
    "file": (_MIB, MAX_UPLOAD_PIXELS, MAX_UPLOAD_SIDE),
    "dataUrl": (SettingFields.model_fields["max_body_bytes"].default // 1024**2,),
}
"""The numbers that a description states, by the coordinate or its end."""

WITHOUT_BOUNDS: Final = {
    "after:": "a cursor",
    "before:": "a cursor",
    "timeZone": "the name of a zone",
    "timeZone:": "the name of a zone",
    "status": "values of an enum",
    "status:": "values of an enum",
    "capabilities": "values of an enum",
}
BOUNDED_TYPES: Final = {"Int", "Float", "Seed", "String", "JSON", "Upload"}
SAYS_WHAT_OMISSION_MEANS: Final = re.compile(
    r"omitted|\b[Dd]efault|\b[Nn]one\b|\bnull\b|\bWithout\b|\bneither\b|^(Only|Filters)\b|"
    r"Not together with|instead of"
)


class Input(NamedTuple):
    """An input field, as `Type.field`, or an argument, as `Type.field(argument:)`."""

    coordinate: str
    given: GraphQLInputField | GraphQLArgument

    @property
    def text(self) -> str:
        return self.given.description or ""

    def find(self, table: Mapping[str, Any]) -> Any:
        name = self.coordinate.partition(".")[2]
        ends = (self.coordinate, name, re.split(r"[.(]", self.coordinate)[-1].rstrip(")"))
        return next((table[end] for end in ends if end in table), None)


def inputs() -> Iterator[Input]:
    """Yield every input field and every argument, except alternatives of `@oneOf`."""
    for name, kind in SCHEMA.type_map.items():
        if name.startswith("__"):
            continue
        if isinstance(kind, GraphQLInputObjectType):
            for field, given in kind.fields.items():
                yield Input(f"{name}.{field}", given)
        elif isinstance(kind, GraphQLObjectType):
            for field, definition in kind.fields.items():
                for argument, taken in definition.args.items():
                    yield Input(f"{name}.{field}({argument}:)", taken)


def states(text: str, number: float) -> bool:
    """Return whether a text has a number, with or without commas between thousands."""
    forms = "|".join(re.escape(form) for form in {f"{number:,}", str(number)})
    return re.search(rf"(?<![\d,.])({forms})(?![\d]|[,.]\d)", text) is not None


INPUTS: Final = list(inputs())


def test_inputs_state_their_bounds() -> None:
    found = []
    for one in INPUTS:
        bounds = one.find(BOUNDS)
        is_list = "[" in str(one.given.type)
        if bounds is None:
            kind = get_named_type(one.given.type).name
            is_bounded = is_list or kind in BOUNDED_TYPES
            if is_bounded and not one.find(WITHOUT_BOUNDS) and not re.search(BY_MODEL, one.text):
                found.append(f"{one.coordinate}: no bounds: {one.text!r}")
        elif missing := [bound for bound in bounds if not states(one.text, bound)]:
            found.append(f"{one.coordinate}: not {missing}: {one.text!r}")
    assert found == []


def test_every_bound_is_of_an_input() -> None:
    used = {
        end
        for one in INPUTS
        for table in (BOUNDS, WITHOUT_BOUNDS)
        for end in table
        if one.find({end: True})
    }
    assert used == BOUNDS.keys() | WITHOUT_BOUNDS.keys()


def test_optional_inputs_state_their_default_or_what_omission_means() -> None:
    found = []
    for one in INPUTS:
        of_one = SCHEMA.type_map[one.coordinate.partition(".")[0]]
        is_alternative = getattr(of_one, "is_one_of", False)
        default = one.given.default_value
        is_required = is_non_null_type(one.given.type) and default is Undefined
        if is_required or is_alternative or one.find({"file": 1, "dataUrl": 1, "userId:": 1}):
            continue
        if not SAYS_WHAT_OMISSION_MEANS.search(one.text):
            found.append(f"{one.coordinate}: {one.text!r}")
        if isinstance(default, int) and not isinstance(default, bool):
            assert states(one.text, default), f"{one.coordinate}: not {default}: {one.text!r}"
    assert found == []


def test_settings_of_images_have_the_bounds_that_their_descriptions_state() -> None:
    for model in load_catalogue().models:
        rule = model.parameters.get("strength")
        assert rule is None or (rule.minimum, rule.maximum) == (0, 1), model.id
        seed = model.parameters.get("seed")
        assert seed is None or seed.minimum == 0, model.id


def test_errors_state_how_many_are_returned() -> None:
    assert states(SCHEMA.type_map["UserError"].description or "", MAX_ERRORS)


def described_properties(found: Any, where: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the properties and parameters of a JSON Schema or an OpenAPI description."""
    if isinstance(found, dict):
        if isinstance(found.get("description"), str):
            yield where, found
        for key, value in found.items():
            if key not in {"example", "examples", "default", "responses"}:
                yield from described_properties(value, f"{where}/{key}")
    elif isinstance(found, list):
        for index, value in enumerate(found):
            yield from described_properties(value, f"{where}/{index}")


_KEYWORDS: Final = ("minimum", "maximum", "minItems", "maxItems", "minLength", "maxLength")


@pytest.mark.parametrize(
    "description",
    [
        pytest.param(rest_application().openapi(), id="rest"),
        pytest.param(document(OpenAIOptions(requires_auth=True)), id="openai"),
        pytest.param({tool.name: plain_schema(tool.arguments) for tool in TOOLS}, id="mcp"),
    ],
)
def test_json_schemas_state_their_bounds(description: Mapping[str, Any]) -> None:
    found = []
    for where, one in described_properties(description):
        schemas = [one, one.get("schema", {}), *one.get("anyOf", [])]
        schemas += one.get("schema", {}).get("anyOf", [])
        for keyword in _KEYWORDS:
            found += [
                f"{where}: {keyword} {schema[keyword]}: {one['description']!r}"
                for schema in schemas
                if keyword in schema and not states(one["description"], int(schema[keyword]))
            ]
    assert found == []


OPTIONS: Final[Mapping[str, Mapping[str, Sequence[int]]]] = {
    "batch": {
        "prompts": (1, MAX_IMAGES),
        "images_per_prompt": (1, MAX_IMAGES),
        "tag": (1, MAX_TAG_LENGTH, MAX_TAGS),
        "idempotency_key": (1, MAX_KEY_LENGTH),
        "max_cost": (0,),
    },
    "keys": {
        "user": (1, MAX_KEY_TEXT_LENGTH),
        "name": (MAX_KEY_TEXT_LENGTH,),
        "budget": (0, MAX_DOLLARS),
    },
}


@pytest.mark.parametrize("name", OPTIONS)
def test_options_state_their_bounds(name: str) -> None:
    command = load_command(next(listing for listing in LISTINGS if listing.name == name))
    command = getattr(command, "commands", {"": command}).get("create", command)
    texts = {option.name: option.help or "" for option in command.params}
    for option, bounds in OPTIONS[name].items():
        assert [bound for bound in bounds if not states(texts[option], bound)] == [], texts[option]
