"""Tools beside those for images, and their errors."""

from typing import Any

import pytest
from structlog.testing import capture_logs

from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.domain.principal import Role
from gql_server.inference.parameter_rules import SHARED_NAMES
from tests.mcp.calls import SMALL, client_at, error, result
from tests.support.clients import client_of
from tests.support.running_app import FLUX, RunningApp

pytestmark = pytest.mark.anyio

TEMPLATE = """mutation ($model: ID!) { createTemplate(input: {
  name: "Posters", model: $model, defaultPrompt: "{prompt}, as a poster"
}) { template { id } } }"""
BUDGET = """mutation ($user: ID!, $limit: Float!) { setBudget(input: {
  userId: $user, limit: $limit, period: MONTHLY, enforcement: HARD
}) { userErrors { message } } }"""


async def test_models_and_their_settings(user: RunningApp) -> None:
    async with client_at(user) as client:
        models = result(await client.call_tool("list_models", {}))["models"]
        assert models[0]["is_recommended"]
        assert {one["id"] for one in models} == {one.id for one in user.services.catalogue.models}
        (flux,) = result(await client.call_tool("list_models", {"model": FLUX}))["models"]
        assert flux["setting_schemas"]["steps"]["maximum"] == 8
        editing = await client.call_tool("list_models", {"capability": "image_to_image"})
        assert all(one["max_source_images"] for one in result(editing)["models"])
        listed = {one.name: one.uri for one in (await client.list_resources()).resources}
        for uri in (listed[FLUX], f"model://{FLUX}"):
            (read,) = (await client.read_resource(uri)).contents
            assert '"setting_schemas":{"steps"' in read.model_dump()["text"]
        templates = (await client.list_resource_templates()).resource_templates
        assert [one.uri_template for one in templates] == ["image://{id}", "model://{id}"]


async def test_omitted_settings_are_those_that_apply(user: RunningApp) -> None:
    async with client_at(user) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    changes = tools["remake_image"].input_schema["properties"]
    for name in SHARED_NAMES:
        text = changes[name]["description"]
        assert "As in the first image when omitted." in text, name
        assert "null" not in text, name
    for tool in ("generate_image", "edit_image", "create_batch", "estimate_cost"):
        for name in ("negative_prompt", "seed"):
            text = tools[tool].input_schema["properties"][name]["description"]
            assert "The template's, or else" in text, f"{tool} {name}"


async def test_templates_are_prompts(user: RunningApp) -> None:
    made = await user.ask(TEMPLATE, model=FLUX)
    template_id = made["createTemplate"]["template"]["id"]
    async with client_at(user) as client:
        (prompt,) = (await client.list_prompts()).prompts
        assert (prompt.name, prompt.title) == (template_id, "Posters")
        filled = await client.get_prompt(template_id, {"prompt": "A red fox"})
        text = filled.messages[0].content.model_dump()["text"]
        assert text.endswith(f'{{"template_id":"{template_id}","prompt":"A red fox"}}')
        given = {"template_id": template_id, "prompt": "A red fox", "show_image": False}
        image = result(await client.call_tool("generate_image", given))["image"]
        assert (image["template_id"], image["prompt"]) == (template_id, "A red fox")


async def test_money_is_bounded(server: RunningApp) -> None:
    async with (
        client_of(server, "mcp-poor", Role.CREATOR) as poor,
        client_of(server, "mcp-admin", Role.ADMIN) as admin,
        client_at(poor) as client,
    ):
        estimate = result(await client.call_tool("estimate_cost", SMALL))
        assert estimate["cost"] > 0
        many = {"model": FLUX, "prompts": ["A fox", "A kite"], "images_per_prompt": 2}
        batch = result(await client.call_tool("estimate_cost", many))
        assert batch["cost"] == pytest.approx(4 * estimate["cost"])
        limited = SMALL | {"max_cost": estimate["cost"] / 2}
        for tool in ("generate_image", "estimate_cost"):
            said = error(await client.call_tool(tool, limited))
            assert said.startswith("MAX_COST_EXCEEDED (argument max_cost): This would cost $")
        await admin.ask(BUDGET, user="mcp-poor", limit=estimate["cost"] / 2)
        said = error(await client.call_tool("generate_image", SMALL))
        assert said.startswith("BUDGET_EXCEEDED: ")
        assert result(await client.call_tool("costs", {}))["total_images"] == 0


@pytest.mark.parametrize(
    ("tool", "given", "said"),
    [
        ("generate_image", SMALL | {"model": "nope"}, "MODEL_NOT_FOUND (argument model): "),
        ("generate_image", SMALL | {"width": "wide"}, "INVALID (argument width): "),
        ("generate_image", SMALL | {"size": 1}, "INVALID (argument size): The tool has no such"),
        ("generate_image", SMALL | {"steps": 99}, "OUT_OF_RANGE (argument steps): "),
        ("edit_image", SMALL, "REQUIRED (argument source_image_ids): "),
        ("search_images", {"cursor": "x"}, "INVALID (argument cursor): "),
        ("search_images", {"text": " x" * 21}, "TOO_MANY (argument text): "),
        ("costs", {"since": "soon"}, 'INVALID (argument since): "soon" is not text such as'),
        ("no_tool", {}, 'TOOL_NOT_FOUND: There is no tool "no_tool"'),
    ],
)
async def test_an_error_says_what_to_change(
    user: RunningApp, tool: str, given: dict[str, Any], said: str
) -> None:
    async with client_at(user) as client:
        answer = await client.call_tool(tool, given)
    assert error(answer).startswith(said)
    assert answer.meta is not None
    assert answer.meta["errors"][0]["code"] == said.partition(" ")[0].rstrip(":")


async def test_an_unexpected_error_is_masked(
    user: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object, **_named: object) -> None:
        raise failure

    failure: Exception = RuntimeError("gqls_secret")
    async with client_at(user) as client:
        with monkeypatch.context() as patched, capture_logs() as logged:
            patched.setattr("gql_server.mcp.tools.costs.cost_report", fail)
            said = error(await client.call_tool("costs", {}))
            assert said.startswith("INTERNAL: An unexpected error occurred.")
            assert "secret" not in said
            assert next(one["reference"] for one in logged if "reference" in one) in said
            failure = DatabaseUnavailable("gone")
            assert error(await client.call_tool("costs", {})).startswith("UNAVAILABLE: ")
