"""Lists that read only what is requested: each field alone has all that it needs."""

import pytest
from graphql import GraphQLObjectType, is_leaf_type
from graphql.type import get_named_type

from gql_server.api.schema import build_schema
from gql_server.graphql.execution.limits import Limits
from tests.support.running_app import FLUX, RunningApp

pytestmark = pytest.mark.anyio

LIMITS = Limits(cost=10**9, depth=100, aliases=1000, repeats=1000, directives=1000)
CREATE = """mutation T($input: CreateTemplateInput!) { createTemplate(input: $input) {
  template { id } userErrors { message } } }"""


def fields_of(type_name: str) -> list[str]:
    """Write a selection of each field of a type, by itself."""
    schema = build_schema(LIMITS)._schema
    found = schema.get_type(type_name)
    assert isinstance(found, GraphQLObjectType)
    return [
        name if is_leaf_type(get_named_type(field.type)) else f"{name} {{ __typename }}"
        for name, field in found.fields.items()
    ]


@pytest.mark.parametrize(
    ("list_name", "type_name"), [("images", "Image"), ("templates", "Template")]
)
async def test_each_field_can_be_the_only_one(
    app: RunningApp, list_name: str, type_name: str
) -> None:
    template = (await app.ask(CREATE, input={"name": "A fox", "model": FLUX}))["createTemplate"]
    await app.image(templateId=template["template"]["id"])
    for field in fields_of(type_name):
        for _ in range(2):  # by graphql-core, and by a plan
            answer = await app.answer(f"{{ {list_name} {{ edges {{ node {{ {field} }} }} }} }}")
            assert "errors" not in answer, (field, answer)
            assert len(answer["data"][list_name]["edges"]) == 1
