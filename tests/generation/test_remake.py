"""Images that are generated again, as they were or with changes."""

import asyncio
from typing import Any

import pytest

from tests.access.access_probes import IMG2IMG, INPAINTING
from tests.database.rows import add_image
from tests.support.running_app import FLUX, SDXL, RunningApp, png
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import error

WAN = "alibaba/wan-2.6-image"
QWEN = "alibaba/qwen-image-3.0-pro"

pytestmark = pytest.mark.anyio

REMAKE = """mutation R($input: RemakeImageInput!) { remakeImage(input: $input) {
  image { id prompt renderedPrompt tags metadata cost requestKind templateVersion
    model { id } template { id } parameters { seed steps width strength }
    sources { ... on Node { id } } mask { ... on Node { id } } }
  userErrors { __typename code path message } } }"""
TEMPLATE = (
    """mutation { createTemplate(input: {
  name: "T", model: "%s", defaultPrompt: "in oil", parameters: {steps: 6}}) {
  template { id } } }"""
    % FLUX
)
UPDATE = """mutation U($id: ID!) { updateTemplate(input: {
  id: $id, defaultPrompt: "in ink", parameters: {steps: 8}}) { template { id } } }"""
DELETE = """mutation D($id: ID!) { deleteTemplate(input: {id: $id}) { deletedId } }"""
DELETE_UPLOAD = "mutation D($id: ID!) { deleteSourceImage(input: {id: $id}) { deletedId } }"


async def remake(app: RunningApp, **given: Any) -> dict[str, Any]:
    payload: dict[str, Any] = (await app.ask(REMAKE, input=given))["remakeImage"]
    return payload


async def remade(app: RunningApp, **given: Any) -> dict[str, Any]:
    payload = await remake(app, **given)
    assert payload["userErrors"] == []
    image: dict[str, Any] = payload["image"]
    return image


async def refused(app: RunningApp, **given: Any) -> tuple[str, list[str]]:
    (error,) = (await remake(app, **given))["userErrors"]
    return error["code"], error["path"]


async def upload(app: RunningApp) -> str:
    image_id: str = (await app.upload(png(300, 200)))["sourceImage"]["id"]
    return image_id


async def test_an_inpainted_image_sends_the_same_request_byte_for_byte(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    source, mask = await upload(app), await upload(app)
    template = (await app.ask(TEMPLATE))["createTemplate"]["template"]["id"]
    first = await app.image(
        model=INPAINTING,
        templateId=template,
        sourceImageIds=[source],
        maskImageId=mask,
        width=256,
        height=256,
        tags=["fox"],
        metadata={"order": 1},
    )
    # What was kept counts, and not what the template says now.
    await app.ask(UPDATE, id=template)
    again = await remade(app, id=first["id"])
    await app.ask(DELETE, id=template)
    third = await remade(app, id=again["id"])  # and of one that was itself made again
    one, *others = [request.body for request in fake_workers_ai.requests]
    assert others == [one, one]
    assert len(one) > 1000
    assert len({first["id"], again["id"], third["id"]}) == 3
    assert (again["requestKind"], again["mask"]) == ("INPAINTING", {"id": mask})
    assert again["sources"] == third["sources"] == [{"id": source}]
    assert (again["renderedPrompt"], again["templateVersion"]) == (first["renderedPrompt"], 1)
    assert (again["tags"], again["metadata"]) == (["fox"], {"order": 1})


async def test_what_changes_is_changed_and_the_rest_stays(app: RunningApp) -> None:
    source, other = await upload(app), await upload(app)
    given = {"model": IMG2IMG, "width": 256, "height": 256, "strength": 0.5, "steps": 9}
    first = await app.image(sourceImageIds=[source], seed=7, **given)
    image = await remade(
        app, id=first["id"], prompt="A blue fox", strength=0.7, sourceImageIds=[other], tags=["b"]
    )
    assert (image["prompt"], image["sources"], image["tags"]) == (
        "A blue fox",
        [{"id": other}],
        ["b"],
    )
    assert image["parameters"] == {"seed": 7, "steps": 9, "width": 256, "strength": 0.7}
    image = await remade(app, id=first["id"], seed=None, steps=None)
    assert image["parameters"]["seed"] != 7
    assert image["parameters"]["steps"] != 9
    image = await remade(app, id=first["id"], model=SDXL, steps=10)
    assert (image["model"]["id"], image["parameters"]["steps"]) == (SDXL, 10)
    assert image["sources"] == [{"id": source}]
    # Flux has neither sizes nor source images; its own default of steps applies.
    plain = await app.image(model=SDXL, width=256, height=256, seed=3)
    image = await remade(app, id=plain["id"], model=FLUX)
    assert (image["parameters"]["seed"], image["parameters"]["steps"]) == (3, 4)


async def test_another_prompt_is_combined_with_the_template_as_it_is(app: RunningApp) -> None:
    template = (await app.ask(TEMPLATE))["createTemplate"]["template"]["id"]
    first = await app.image(templateId=template)
    await app.ask(UPDATE, id=template)
    image = await remade(app, id=first["id"], prompt="A blue fox")
    assert "in ink" in image["renderedPrompt"]
    assert (image["templateVersion"], image["parameters"]["steps"]) == (2, 6)
    await app.ask(DELETE, id=template)
    assert await refused(app, id=first["id"], prompt="A blue fox") == (
        "NOT_SUPPORTED",
        ["input", "prompt"],
    )


async def test_what_cannot_be_made_again_says_why(app: RunningApp) -> None:
    source = await upload(app)
    first = await app.image(model=IMG2IMG, sourceImageIds=[source], width=256, height=256)
    await app.ask(DELETE_UPLOAD, id=source)
    missing = ("IMAGE_NOT_FOUND", ["input", "sourceImageIds", "0"])
    assert await refused(app, id=first["id"]) == missing
    assert await refused(app, id="img_none") == ("IMAGE_NOT_FOUND", ["input", "id"])
    plain = await app.image()
    assert await refused(app, id=plain["id"], steps=99) == ("OUT_OF_RANGE", ["input", "steps"])
    code, _ = await refused(app, id=plain["id"], parameters=["x"])
    assert code == "INVALID"
    assert (await refused(app, id=plain["id"], maxCost=0.001))[0] == "MAX_COST_EXCEEDED"
    other = await refused(app, id=plain["id"], sourceImageIds=[plain["id"]])
    assert other == ("NOT_SUPPORTED", ["input", "sourceImageIds"])


async def test_an_image_of_unknown_sources_asks_for_them(app: RunningApp) -> None:
    settings = {"width": 256, "height": 256, "steps": 9, "seed": 7}
    old = await add_image(
        app.services.database,
        user_id=(await app.image())["userId"],
        model_id=SDXL,
        parameters=settings,
    )
    assert await refused(app, id=old.id) == ("REQUIRED", ["input", "sourceImageIds"])
    image = await remade(app, id=old.id, sourceImageIds=[])
    assert (image["requestKind"], image["parameters"]["steps"]) == ("TEXT_TO_IMAGE", 9)
    plain = await add_image(app.services.database, user_id=old.user_id)  # flux takes no images
    assert (await remade(app, id=plain.id))["parameters"]["seed"] == 7


async def test_a_key_remakes_once(app: RunningApp, fake_workers_ai: FakeWorkersAI) -> None:
    first = await app.image(idempotencyKey="one")
    given = {"id": first["id"], "idempotencyKey": "one", "seed": 5}
    made = await asyncio.gather(*(remade(app, **given) for _ in range(3)))
    assert len({image["id"] for image in made}) == 1
    assert made[0]["id"] != first["id"]
    assert len(fake_workers_ai.requests) == 2
    assert await refused(app, **given | {"seed": 6}) == (
        "IDEMPOTENCY_CONFLICT",
        ["input", "idempotencyKey"],
    )


async def test_the_next_model_remakes_what_the_first_cannot_with_the_settings_that_it_has(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    first = await app.image(model=SDXL, seed=7, steps=6, negativePrompt="rain", width=512)
    fake_workers_ai.next(error(5007, 400, "No such model"), error(5007, 400, "No such model"))
    image = await remade(app, id=first["id"], models=[SDXL, WAN, FLUX])
    original, again, wan, flux = fake_workers_ai.requests
    assert (again.model, again.body) == (SDXL, original.body)
    assert (wan.model, wan.parameters) == (WAN, {"size": "512x1024", "negative_prompt": "rain"})
    assert (flux.model, flux.parameters) == (FLUX, {"seed": 7, "steps": 6})
    assert image["model"]["id"] == FLUX
    wrong = {"id": first["id"], "models": [FLUX], "steps": 20}
    assert await refused(app, **wrong) == ("OUT_OF_RANGE", ["input", "steps"])
    assert await refused(app, id=first["id"], models=["no/model"]) == (
        "MODEL_NOT_FOUND",
        ["input", "models", "0"],
    )
    many = [FLUX, WAN, QWEN, "openai/gpt-image-2", "pruna/p-image"]
    assert await refused(app, id=first["id"], models=many) == ("TOO_MANY", ["input", "models"])
    assert (await remade(app, id=first["id"], models=None))["model"]["id"] == SDXL
