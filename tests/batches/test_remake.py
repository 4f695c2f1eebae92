"""Images that are generated again, many at once."""

from typing import Any

import pytest

from tests.access.access_probes import INPAINTING
from tests.batches.conftest import BatchHarness
from tests.support.running_app import FLUX, SDXL, png
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import failure, replies

WAN = "alibaba/wan-2.6-image"

pytestmark = pytest.mark.anyio

REMAKE = """mutation R($input: RemakeImagesInput!) { remakeImages(input: $input) {
  batch { id total estimatedCost } userErrors { code path message } } }"""
ESTIMATE = """query E($input: RemakeImagesInput!) { costEstimate(input: {remake: $input}) {
  estimate { cost } userErrors { code path } } }"""
IMAGES = """query B($id: ID!) { batch(id: $id) { items(first: 100) { edges { node { status
  image { id prompt renderedPrompt templateVersion tags model { id }
    remadeFrom { id } parameters { seed steps } } } } } } }"""
TEMPLATE = (
    """mutation { createTemplate(input: {
  name: "T", model: "%s", defaultPrompt: "in oil", parameters: {steps: 6}}) {
  template { id } } }"""
    % FLUX
)
UPDATE = """mutation U($id: ID!) { updateTemplate(input: {
  id: $id, defaultPrompt: "in ink", parameters: {steps: 8}}) { template { id } } }"""
SMALL = {"width": 256, "height": 256}


async def remake(harness: BatchHarness, **given: Any) -> dict[str, Any]:
    payload: dict[str, Any] = (await harness.app.ask(REMAKE, input=given))["remakeImages"]
    return payload


async def refused(harness: BatchHarness, **given: Any) -> list[tuple[str, list[str]]]:
    payload = await remake(harness, **given)
    estimate = (await harness.app.ask(ESTIMATE, input=given))["costEstimate"]
    found = [(error["code"], error["path"]) for error in payload["userErrors"]]
    expected = [(error["code"], ["input", *error["path"][2:]]) for error in estimate["userErrors"]]
    assert found == expected
    return found


async def remade(harness: BatchHarness, **given: Any) -> list[dict[str, Any]]:
    """Generate images again; return the new ones."""
    payload = await remake(harness, **given)
    assert payload["userErrors"] == []
    estimate = (await harness.app.ask(ESTIMATE, input=given))["costEstimate"]["estimate"]
    assert payload["batch"]["estimatedCost"] == estimate["cost"]
    await harness.work_on(payload["batch"]["id"])
    return await images(harness, payload["batch"]["id"])


async def images(harness: BatchHarness, batch_id: str) -> list[dict[str, Any]]:
    items = (await harness.app.ask(IMAGES, id=batch_id))["batch"]["items"]["edges"]
    return [edge["node"]["image"] for edge in items]


async def test_a_batch_sends_the_same_requests_byte_for_byte(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    app = harness.app
    source, mask = [(await app.upload(png(300, 200)))["sourceImage"]["id"] for _ in range(2)]
    inpainted = await app.image(
        model=INPAINTING, sourceImageIds=[source], maskImageId=mask, **SMALL
    )
    template = (await app.ask(TEMPLATE))["createTemplate"]["template"]["id"]
    templated = await app.image(templateId=template, tags=["fox"])
    await app.ask(UPDATE, id=template)  # what was kept counts
    firsts = [inpainted["id"], templated["id"]]
    sent = [request.body for request in fake_workers_ai.requests]
    made = await remade(harness, ids=firsts)
    assert sorted(request.body for request in fake_workers_ai.requests[2:]) == sorted(sent)
    assert [image["remadeFrom"]["id"] for image in made] == firsts
    assert (made[1]["templateVersion"], made[1]["tags"]) == (1, ["fox"])
    assert made[1]["renderedPrompt"] == templated["renderedPrompt"]
    response = await app.client.get(f"/api/images/{made[0]['id']}")
    assert response.json()["remade_from"] == inpainted["id"]


async def test_many_on_another_model_and_in_variations(harness: BatchHarness) -> None:
    firsts = [(await harness.app.image(seed=seed, prompt="A fox"))["id"] for seed in (1, 2)]
    made = await remade(harness, ids=firsts, model=SDXL, **SMALL, steps=5)
    assert [(image["model"]["id"], image["parameters"]) for image in made] == [
        (SDXL, {"seed": 1, "steps": 5}),
        (SDXL, {"seed": 2, "steps": 5}),
    ]
    made = await remade(harness, ids=firsts, variations=3)
    seeds = [image["parameters"]["seed"] for image in made]
    assert len({*seeds, 1, 2}) == 8
    assert [image["remadeFrom"]["id"] for image in made] == 3 * [firsts[0]] + 3 * [firsts[1]]
    made = await remade(harness, ids=firsts[:1], variations=2, seed=7)
    assert [image["parameters"]["seed"] for image in made] == [7, 8]


async def test_what_cannot_be_made_again_names_the_image_or_the_change(
    harness: BatchHarness,
) -> None:
    app = harness.app
    first = (await app.image())["id"]
    source = (await app.upload(png(64, 64)))["sourceImage"]["id"]
    inpainted = (
        await app.image(model=INPAINTING, sourceImageIds=[source], maskImageId=source, **SMALL)
    )["id"]
    await app.ask(
        "mutation D($id: ID!) { deleteSourceImage(input: {id: $id}) { deletedId } }", id=source
    )
    assert await refused(harness, ids=[]) == [("TOO_SHORT", ["input", "ids"])]
    assert await refused(harness, ids=[first] * 1001) == [("TOO_MANY", ["input", "ids"])]
    assert await refused(harness, ids=[first, "img_none"]) == [
        ("IMAGE_NOT_FOUND", ["input", "ids", "1"])
    ]
    missing = await refused(harness, ids=[first, inpainted])
    assert {tuple(path) for _, path in missing} == {("input", "ids", "1")}
    assert await refused(harness, ids=[first], steps=99) == [("OUT_OF_RANGE", ["input", "steps"])]
    assert await refused(harness, ids=[first], model="x") == [
        ("MODEL_NOT_FOUND", ["input", "model"])
    ]
    assert await refused(harness, ids=[first] * 2, parameters={"style": "oil"}) == [
        ("NOT_SUPPORTED", ["input", "parameters", "style"])
    ]
    assert await refused(harness, ids=[first], variations=0) == [
        ("OUT_OF_RANGE", ["input", "variations"])
    ]
    assert await refused(harness, ids=[first] * 3, maxCost=0.02) == [
        ("MAX_COST_EXCEEDED", ["input", "maxCost"])
    ]


async def test_a_key_remakes_once_and_a_budget_holds(harness: BatchHarness) -> None:
    first = (await harness.app.image())["id"]
    given = {"ids": [first, first], "idempotencyKey": "one", "variations": 2}
    batches = [(await remake(harness, **given))["batch"] for _ in range(2)]
    assert batches[0] == batches[1]
    assert (batches[0]["total"], batches[0]["estimatedCost"]) == (4, 0.04)
    # Only what the client gave is compared, and not what the images say meanwhile.
    await harness.app.ask(
        """mutation U($id: ID!) { updateImage(input: {id: $id, tags: ["new"]}) {
          userErrors { code } } }""",
        id=first,
    )
    assert (await remake(harness, **given))["batch"] == batches[0]
    (error,) = (await remake(harness, **given | {"variations": 3}))["userErrors"]
    assert error["code"] == "IDEMPOTENCY_CONFLICT"
    await harness.app.ask(
        "mutation { setBudget(input: {limit: 0.03, period: MONTHLY}) { userErrors { code } } }"
    )
    (error,) = (await remake(harness, ids=[first] * 3))["userErrors"]
    assert error["code"] == "BUDGET_EXCEEDED"


async def test_a_retry_of_a_remake_is_the_same_remake(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    app = harness.app
    template = (await app.ask(TEMPLATE))["createTemplate"]["template"]["id"]
    first = await app.image(templateId=template)
    (sent,) = [request.body for request in fake_workers_ai.requests]
    await app.ask(UPDATE, id=template)
    batch = (await remake(harness, ids=[first["id"]]))["batch"]["id"]
    fake_workers_ai.always = replies(failure(3030, 400, "flagged"))
    await harness.work_on(batch)
    assert (await harness.read(batch))["failed"] == 1
    fake_workers_ai.always = None
    fake_workers_ai.requests.clear()
    retried = (await harness.change("retryBatch", batch))["batch"]["id"]
    await harness.work_on(retried)
    (image,) = await images(harness, retried)
    assert [request.body for request in fake_workers_ai.requests] == [sent]
    assert image["remadeFrom"] == {"id": first["id"]}


async def test_the_same_by_rest(harness: BatchHarness, fake_workers_ai: FakeWorkersAI) -> None:
    first = await harness.app.image(seed=5, tags=["fox"])
    post = harness.app.client.post
    one = await post(f"/api/images/{first['id']}/remake", json={})
    assert (one.status_code, one.json()["remade_from"]) == (201, first["id"])
    assert one.headers["location"] == f"/api/images/{one.json()['id']}"
    bodies = [request.body for request in fake_workers_ai.requests]
    assert bodies[0] == bodies[1]
    headers = {"Idempotency-Key": "k"}
    for _ in range(2):
        changed = await post(
            f"/api/images/{first['id']}/remake",
            json={"seed": 6, "tags": None, "prompt": "A blue fox"},
            headers=headers,
        )
        assert (changed.status_code, changed.json()["prompt"]) == (201, "A blue fox")
    assert len(fake_workers_ai.requests) == 3
    assert fake_workers_ai.requests[2].parameters["seed"] == 6
    assert (await post("/api/images/img_none/remake", json={})).status_code == 404
    batch = await post("/api/batch/remake", json={"ids": [first["id"]], "variations": 2})
    assert (batch.status_code, batch.json()["total"]) == (201, 2)
    missing = await post("/api/batch/remake", json={"ids": ["img_none"]})
    assert missing.status_code == 400
    assert "img_none" in missing.text


async def test_a_retry_keeps_the_models_of_a_remake_and_their_settings(
    harness: BatchHarness, fake_workers_ai: FakeWorkersAI
) -> None:
    first = await harness.app.image(model=SDXL, seed=7, steps=6, width=512)
    given = {"ids": [first["id"]], "models": [WAN, FLUX]}
    rest = await harness.app.client.post("/api/batch/remake", json={**given, "name": "Again"})
    assert (rest.status_code, rest.json()["name"]) == (201, "Again")
    batch = rest.json()["id"]
    fake_workers_ai.always = replies(failure(5007, 400, "No such model"))
    await harness.work_on(batch)
    assert (await harness.read(batch))["failed"] == 1
    fake_workers_ai.requests.clear()
    retried = (await harness.change("retryBatch", batch))["batch"]["id"]
    fake_workers_ai.always = None
    fake_workers_ai.next(*[replies(failure(5007, 400, "No such model"))] * 2)
    await harness.work_on(retried)
    sent = [(request.model, request.parameters) for request in fake_workers_ai.requests]
    assert sent[1:] == [(WAN, {"size": "512x1024"}), (FLUX, {"seed": 7, "steps": 6})]
    assert (sent[0][0], sent[0][1]["num_steps"], sent[0][1]["seed"]) == (SDXL, 6, 7)
