from importlib import resources

import pytest
from graphql import OperationDefinitionNode, parse

from tests.servers.product import Product

pytestmark = pytest.mark.anyio
EXAMPLES = resources.files("gql_server.api").joinpath("playground.graphql").read_text("utf-8")


async def test_every_example_of_the_playground_can_be_run(product: Product) -> None:
    names = [
        definition.name.value
        for definition in parse(EXAMPLES).definitions
        if isinstance(definition, OperationDefinitionNode) and definition.name is not None
    ]
    assert names[0] == "MakeAPicture"
    for name in names:
        response = await product.client.post(
            "/graphql", json={"query": EXAMPLES, "operationName": name}
        )
        answer = response.json()
        assert "errors" not in answer, answer
        for payload in answer["data"].values():
            if isinstance(payload, dict):
                assert payload.get("userErrors", []) == []


async def test_the_page_has_the_examples_and_ends_no_script_early(product: Product) -> None:
    page = (await product.client.get("/graphql", headers={"accept": "text/html"})).text
    assert "mutation MakeAPicture" in page
    assert page.count("const EXAMPLE_QUERY = ") == 1
    assert "<title>gql_server</title>" in page


async def test_the_page_opens_without_a_key_and_takes_one_as_a_header(asking: Product) -> None:
    page = (await asking.client.get("/graphql", headers={"accept": "text/html"})).text
    assert "isHeadersEditorEnabled: true" in page
    assert "shouldPersistHeaders" not in page
    assert r"{\"Authorization\": \"Bearer gqls_…\"}" in page
