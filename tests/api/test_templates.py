import asyncio
from typing import Any

import pytest

from tests.database.rows import counted_statements
from tests.support.running_app import FLUX, SDXL, RunningApp

pytestmark = pytest.mark.anyio

CREATE = """
mutation Create($input: CreateTemplateInput!) {
  createTemplate(input: $input) { template { ...All } userErrors { __typename code path message } }
}
fragment All on Template {
  id name description defaultPrompt userId createdAt updatedAt
  model { id } parameters { negativePrompt width height steps guidance seed strength }
}
"""
UPDATE = """
mutation Update($input: UpdateTemplateInput!) {
  updateTemplate(input: $input) {
    template { name description defaultPrompt model { id } parameters { steps width } }
    userErrors { __typename code path message }
  }
}
"""
DELETE = """
mutation Delete($id: ID!) {
  deleteTemplate(input: {id: $id}) { deletedId userErrors { __typename code path } }
}
"""


async def create(app: RunningApp, **template: Any) -> dict[str, Any]:
    answer = await app.ask(CREATE, input={"name": "Product", "model": FLUX} | template)
    assert answer["createTemplate"]["userErrors"] == []
    created: dict[str, Any] = answer["createTemplate"]["template"]
    return created


async def test_a_template_is_saved_and_found(app: RunningApp) -> None:
    template = await create(
        app,
        name=" Product ",
        description="For the shop",
        defaultPrompt="studio lighting",
        parameters={"steps": 8},
    )
    assert template["id"].startswith("tpl_")
    assert template["name"] == "Product"
    assert template["model"] == {"id": FLUX}
    assert template["parameters"]["steps"] == 8
    assert template["createdAt"] == template["updatedAt"]
    found = await app.ask(
        """query F($id: ID!) {
          template(id: $id) { id name description userId }
          node(id: $id) { __typename id }
          templates { totalCount edges { node { id parameters { steps } } } }
          none: template(id: "tpl_none") { id }
        }""",
        id=template["id"],
    )
    assert found["template"] == {
        "id": template["id"],
        "name": "Product",
        "description": "For the shop",
        "userId": "default_user",
    }
    assert found["node"] == {"__typename": "Template", "id": template["id"]}
    assert found["templates"]["totalCount"] == 1
    assert found["templates"]["edges"] == [
        {"node": {"id": template["id"], "parameters": {"steps": 8}}}
    ]
    assert found["none"] is None


async def test_a_prompt_is_joined_to_the_templates_words(app: RunningApp) -> None:
    template = await create(app, defaultPrompt="studio lighting", parameters={"steps": 8})
    image = await app.image(prompt="Headphones", model=None, templateId=template["id"])
    assert image["prompt"] == "Headphones"
    assert image["renderedPrompt"] == "Headphones, studio lighting"
    assert image["model"]["id"] == FLUX
    assert image["parameters"]["steps"] == 8
    assert image["template"] == {"id": template["id"]}


async def test_a_prompt_stands_where_the_template_says(app: RunningApp) -> None:
    template = await create(app, defaultPrompt="A photo of {prompt}, {x}, 8k")
    image = await app.image(prompt="a {fox}", templateId=template["id"])
    assert image["renderedPrompt"] == "A photo of a {fox}, {x}, 8k"


async def test_what_is_said_wins_over_the_template_and_that_over_the_model(
    app: RunningApp,
) -> None:
    template = await create(
        app, model=SDXL, parameters={"steps": 10, "guidance": 5.5, "width": 512}
    )
    image = await app.image(model=None, templateId=template["id"], steps=12, width=256)
    used = image["parameters"]
    assert (used["steps"], used["guidance"], used["width"], used["height"]) == (12, 5.5, 256, 1024)
    other = await app.image(model=FLUX, templateId=template["id"], steps=3)
    assert other["model"]["id"] == FLUX
    assert other["parameters"]["guidance"] is None
    assert other["parameters"]["width"] == 1024


async def test_a_setting_of_the_template_that_another_model_refuses_is_reported(
    app: RunningApp,
) -> None:
    template = await create(app, model=SDXL, parameters={"steps": 15})
    payload = await app.generate(model=FLUX, templateId=template["id"])
    (error,) = payload["userErrors"]
    assert (error["code"], error["path"]) == ("OUT_OF_RANGE", ["input", "templateId"])


async def test_only_what_is_given_changes(app: RunningApp) -> None:
    template = await create(app, description="Old", defaultPrompt="old", parameters={"steps": 8})
    for change, expected in (
        ({"name": "New"}, {"name": "New", "description": "Old", "defaultPrompt": "old"}),
        ({"description": None}, {"description": None}),
        ({"parameters": {}}, {"parameters": {"steps": None, "width": None}}),
        ({"model": SDXL, "parameters": {"width": 512}}, {"model": {"id": SDXL}}),
        ({"name": None, "model": None, "defaultPrompt": None}, {"name": "New"}),
        ({"parameters": None}, {"parameters": {"steps": None, "width": 512}}),
    ):
        answer = await app.ask(UPDATE, input={"id": template["id"], **change})
        assert answer["updateTemplate"]["userErrors"] == []
        assert answer["updateTemplate"]["template"].items() >= expected.items()


async def test_every_error_of_a_template_is_reported_at_once_and_nothing_changes(
    app: RunningApp,
) -> None:
    template = await create(app)
    invalid = {
        "name": " ",
        "description": "d" * 1001,
        "defaultPrompt": "p" * 2049,
        "parameters": {"steps": 9, "width": 512, "negativePrompt": "x"},
    }
    expected = {
        ("name", "TOO_SHORT"),
        ("description", "TOO_LONG"),
        ("defaultPrompt", "TOO_LONG"),
        ("parameters.steps", "OUT_OF_RANGE"),
        ("parameters.width", "NOT_SUPPORTED"),
        ("parameters.negativePrompt", "NOT_SUPPORTED"),
    }
    created = await app.ask(CREATE, input={"model": FLUX, **invalid})
    updated = await app.ask(UPDATE, input={"id": template["id"], **invalid})
    for payload in (created["createTemplate"], updated["updateTemplate"]):
        assert payload["template"] is None
        errors = {(".".join(error["path"][1:]), error["code"]) for error in payload["userErrors"]}
        assert errors == expected
    found = await app.ask("{ templates { totalCount edges { node { name } } } }")
    assert found["templates"] == {"totalCount": 1, "edges": [{"node": {"name": "Product"}}]}


async def test_a_model_that_is_not_there_is_reported(app: RunningApp) -> None:
    answer = await app.ask(CREATE, input={"name": "X", "model": "@cf/no/model"})
    (error,) = answer["createTemplate"]["userErrors"]
    assert (error["__typename"], error["path"]) == ("ModelNotFound", ["input", "model"])


async def test_a_deleted_template_is_gone_but_not_from_its_images(app: RunningApp) -> None:
    template = await create(app, defaultPrompt="studio lighting")
    image = await app.image(templateId=template["id"])
    answer = await app.ask(DELETE, id=template["id"])
    assert answer["deleteTemplate"] == {"deletedId": template["id"], "userErrors": []}
    again = await app.ask(DELETE, id=template["id"])
    assert again["deleteTemplate"]["userErrors"] == [
        {
            "__typename": "TemplateNotFound",
            "code": "TEMPLATE_NOT_FOUND",
            "path": ["input", "id"],
        }
    ]
    payload = await app.generate(templateId=template["id"])
    assert payload["userErrors"][0]["__typename"] == "TemplateNotFound"
    found = await app.ask(
        "query F($id: ID!) { image(id: $id) { renderedPrompt template { id } } }", id=image["id"]
    )
    assert found["image"]["renderedPrompt"].endswith("studio lighting")
    assert found["image"]["template"] is None


async def test_the_images_of_many_templates_take_one_statement_more(app: RunningApp) -> None:
    templates = [await create(app, name=f"T{number}") for number in range(3)]
    for template in templates:
        for _ in range(2):
            await app.image(templateId=template["id"])
    with counted_statements(app.services.database, of={"images", "templates"}) as statements:
        data = await app.ask(
            """{ templates(first: 3) { edges { node { id
              images(first: 1) { pageInfo { hasNextPage } edges { node { id template { id } } } }
            } } } }"""
        )
    for edge in data["templates"]["edges"]:
        images = edge["node"]["images"]
        assert images["pageInfo"]["hasNextPage"]
        assert images["edges"][0]["node"]["template"]["id"] == edge["node"]["id"]
    assert len(statements) == 3  # the templates, their images, the images' templates
    for where in (
        {"tags": ["none"]},
        {"models": [SDXL]},
        {"templates": [templates[1]["id"]]},
        {"search": "nothing"},
    ):
        narrowed = await app.ask(
            """query N($filter: ImageFilter) { templates(first: 1, orderBy: OLDEST_FIRST) {
              edges { node { images(filter: $filter) { totalCount edges { node { id } } } } }
            } }""",
            filter=where,
        )
        (edge,) = narrowed["templates"]["edges"]
        assert edge["node"]["images"] == {"totalCount": 0, "edges": []}, where
    counted = await app.ask(
        "query C($id: ID!) { template(id: $id) { images(filter: {tags: []}) { totalCount } } }",
        id=templates[0]["id"],
    )
    assert counted["template"]["images"]["totalCount"] == 2


async def test_two_that_change_a_template_at_once_both_have_their_way(
    production: RunningApp,
) -> None:
    template = await create(production)
    for number in range(10):
        await asyncio.gather(
            production.ask(UPDATE, input={"id": template["id"], "name": f"N{number}"}),
            production.ask(UPDATE, input={"id": template["id"], "description": f"D{number}"}),
        )
        found = await production.ask(
            "query F($id: ID!) { template(id: $id) { name description } }", id=template["id"]
        )
        assert found["template"] == {"name": f"N{number}", "description": f"D{number}"}


async def test_paths_name_fields_as_clients_write_them_and_json_keys_unchanged(
    app: RunningApp,
) -> None:
    parameters = {"negativePrompt": "x", "parameters": {"no_such": 1}}
    answer = await app.ask(CREATE, input={"name": "X", "model": FLUX, "parameters": parameters})
    paths = {".".join(error["path"]) for error in answer["createTemplate"]["userErrors"]}
    assert paths == {"input.parameters.negativePrompt", "input.parameters.parameters.no_such"}
