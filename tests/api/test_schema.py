from pathlib import Path

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
)

from gql_server.api.errors import user_errors
from gql_server.api.schema import schema_text
from gql_server.api.user_error_types import USER_ERROR_TYPES
from gql_server.domain import errors as domain
from tests.domain.error_family import error_family
from tests.support.sdl import SCHEMA


def own_types() -> list[object]:
    return [kind for name, kind in SCHEMA.type_map.items() if not name.startswith("__")]


def test_everything_in_the_schema_has_a_description() -> None:
    missing: list[str] = []
    for kind in own_types():
        missing += [] if kind.description else [str(kind)]  # type: ignore[attr-defined]  # every named type
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in kind.fields.items():
                missing += [] if field.description else [f"{kind}.{name}"]
                missing += [
                    f"{kind}.{name}({argument})"
                    for argument, definition in field.args.items()
                    if not definition.description
                ]
        elif isinstance(kind, GraphQLInputObjectType | GraphQLEnumType):
            members = kind.fields if isinstance(kind, GraphQLInputObjectType) else kind.values
            missing += [
                f"{kind}.{name}" for name, member in members.items() if not member.description
            ]
    assert missing == []


def test_every_mutation_takes_one_input_and_returns_user_errors() -> None:
    mutation = SCHEMA.mutation_type
    assert mutation is not None
    for name, field in mutation.fields.items():
        payload = name[0].upper() + name[1:]
        assert str(field.type) == f"{payload}Payload!"
        assert {argument: str(definition.type) for argument, definition in field.args.items()} == {
            "input": f"{payload}Input!"
        }
        fields = SCHEMA.type_map[f"{payload}Payload"].fields  # type: ignore[attr-defined]  # an object type
        assert str(fields["userErrors"].type) == "[UserError!]!"


def test_every_list_of_things_with_an_owner_is_a_connection() -> None:
    query = SCHEMA.query_type
    assert query is not None
    for name in ("images", "templates"):
        assert {"first", "after", "last", "before", "orderBy"} <= query.fields[name].args.keys()
        assert str(query.fields[name].type).endswith("Connection!")


def test_every_domain_error_has_its_type_and_code() -> None:
    names = {kind.__name__ for kind in USER_ERROR_TYPES}
    family = {kind.__name__ for kind in error_family()}
    assert names == family
    codes = SCHEMA.type_map["UserErrorCode"]
    assert isinstance(codes, GraphQLEnumType)
    assert codes.values.keys() == {code.name for code in domain.ErrorCode}
    for error in user_errors(domain.InvalidInput("x", path=("a_b", 1, "c_d"))):
        assert error.path == ["input", "aB", "1", "cD"]


def test_omitted_settings_are_those_that_apply() -> None:
    item = SCHEMA.type_map["BatchItemInput"]
    assert isinstance(item, GraphQLInputObjectType)
    for name, field in item.fields.items():
        text = field.description or ""
        assert ("The batch's when omitted." in text) == (name != "prompt"), name
        assert "None when omitted" not in text, name
    for name in ("GenerateImageInput", "GenerateBatchInput"):
        request = SCHEMA.type_map[name]
        assert isinstance(request, GraphQLInputObjectType)
        for setting in ("negativePrompt", "seed"):
            assert "The template's, or else" in (request.fields[setting].description or "")


def test_schema_graphql_is_what_the_code_serves() -> None:
    written = Path(__file__).parents[2] / "schema.graphql"
    assert written.read_text("utf-8") == schema_text()
