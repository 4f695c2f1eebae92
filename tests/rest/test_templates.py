"""Templates by REST."""

import pytest

from tests.rest.calls import ask, generate, send, template
from tests.support.running_app import FLUX, SDXL, RunningApp

pytestmark = pytest.mark.anyio

NOTHING_SET = dict.fromkeys(
    ("negative_prompt", "width", "height", "steps", "guidance", "seed", "strength")
)


async def test_a_template_is_saved_read_changed_and_deleted(user: RunningApp) -> None:
    body = {"name": "Product Photography", "model": FLUX, "default_prompt": "studio lighting, 8k"}
    response = await send(user, "POST", "templates", json=body)
    assert response.status_code == 201
    saved = response.json()
    path = f"templates/{saved['id']}"
    assert response.headers["location"] == f"/api/{path}"
    assert saved.items() >= body.items()
    assert saved["description"] is None
    assert saved["parameters"] == NOTHING_SET
    assert saved["created_at"] == saved["updated_at"]
    assert await ask(user, "GET", path) == saved
    changed = await ask(
        user,
        "PUT",
        path,
        json={"name": "Shop", "description": "Ours", "parameters": {"steps": 2}, "model": None},
    )
    assert changed == saved | {
        "name": "Shop",
        "description": "Ours",
        "parameters": NOTHING_SET | {"steps": 2},
        "updated_at": changed["updated_at"],
    }
    assert (await ask(user, "PUT", path, json={}))["description"] == "Ours"
    assert (await ask(user, "PUT", path, json={"description": None}))["description"] is None
    assert await ask(user, "DELETE", path) == {"id": saved["id"], "is_deleted": True}
    gone = {
        "error": "Template not found",
        "details": {
            "message": f'There is no template "{saved["id"]}". It may have been deleted.',
        },
    }
    for method, options in (("GET", {}), ("PUT", {"json": {"name": "x"}}), ("DELETE", {})):
        assert await ask(user, method, path, 404, **options) == gone


async def test_an_image_is_made_with_a_template_alone(user: RunningApp) -> None:
    saved = await template(user, model=SDXL, parameters={"width": 512, "height": 512})
    image = await generate(user, model=None, width=None, height=None, template_id=saved["id"])
    assert (image["model"], image["width"]) == (SDXL, 512)


async def test_templates_are_listed_page_by_page(user: RunningApp) -> None:
    saved = [(await template(user, name=f"T{number}"))["id"] for number in range(3)]
    page = await ask(user, "GET", "templates", params={"limit": 2})
    assert tuple(page) == ("templates", "total", "next_cursor")
    assert [one["id"] for one in page["templates"]] == [saved[2], saved[1]]
    assert page["total"] == 3
    rest = await ask(user, "GET", "templates", params={"cursor": page["next_cursor"]})
    assert [one["id"] for one in rest["templates"]] == [saved[0]]
    assert rest["next_cursor"] is None


async def test_what_is_wrong_with_a_template_is_reported_at_once(user: RunningApp) -> None:
    body = {"name": "", "model": "@cf/none/none", "parameters": {"width": "wide"}}
    problem = await ask(user, "POST", "templates", 400, json=body)
    assert problem["error"] == "Invalid parameters"
    assert problem["details"]["field"] == "parameters.width"
    problem = await ask(user, "POST", "templates", 400, json=body | {"parameters": {"width": 8}})
    assert problem == {
        "error": "Invalid name",
        "details": {
            "field": "name",
            "message": "Name must be at least 1 character",
            "errors": [
                {"field": "name", "message": "Name must be at least 1 character"},
                {"field": "model", "message": "Model not found or not supported"},
            ],
        },
    }
