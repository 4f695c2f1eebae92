"""Pictures made, read, listed and deleted by REST."""

import re

import pytest

from gql_server.inference.catalogue import load_catalogue
from tests.rest.calls import IMAGE_FIELDS, ask, generate, send, template
from tests.support.running_app import FLUX, SDXL, RunningApp

pytestmark = pytest.mark.anyio

PROMPT = "A serene mountain landscape at sunset, photorealistic"


async def test_an_image_has_the_shape_that_is_documented_to_the_letter(user: RunningApp) -> None:
    response = await send(user, "POST", "generate", json={"prompt": PROMPT, "model": FLUX})
    assert response.status_code == 201
    image = response.json()
    assert tuple(image) == IMAGE_FIELDS
    assert re.fullmatch(r"img_[0-9a-z]{26}", image["id"])
    assert image["prompt"] == PROMPT
    assert image["model"] == FLUX
    assert image["r2_key"] == f"generated/{image['id']}.png"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", image["created_at"])
    assert (image["width"], image["height"], image["cost"]) == (1024, 1024, 0.01)
    assert image["is_deleted"] is False
    assert response.headers["location"] == f"/api/images/{image['id']}"
    picture = await user.client.get(image["r2_url"])
    assert picture.headers["content-type"] == "image/png"
    read = await ask(user, "GET", f"images/{image['id']}")
    assert {**read, "r2_url": ""} == {**image, "r2_url": ""}  # signed anew each time


async def test_everything_that_graphql_takes_for_an_image_is_taken(user: RunningApp) -> None:
    saved = await template(user, model=SDXL, default_prompt="in oil", parameters={"steps": 4})
    image = await generate(
        user,
        model=None,
        template_id=saved["id"],
        width=512,
        height=256,
        seed=7,
        negative_prompt="people",
        guidance=5,
        tags=["fox"],
        metadata={"order": 42},
        max_cost=1,
        what_nobody_knows=1,
    )
    assert (image["width"], image["height"], image["model"]) == (512, 256, SDXL)
    data = await user.ask(
        """query ($id: ID!) { image(id: $id) { renderedPrompt tags metadata template { id }
        parameters { steps seed negativePrompt guidance } } }""",
        id=image["id"],
    )
    assert data["image"] == {
        "renderedPrompt": "A red fox in the snow, in oil",
        "tags": ["fox"],
        "metadata": {"order": 42},
        "template": {"id": saved["id"]},
        "parameters": {"steps": 4, "seed": 7, "negativePrompt": "people", "guidance": 5},
    }


async def test_a_source_image_is_painted_over(user: RunningApp) -> None:
    source = await generate(user)
    model = "@cf/runwayml/stable-diffusion-v1-5-img2img"
    image = await generate(user, model=model, source_image_ids=[source["id"]], strength=0.5)
    assert image["model"] == model


async def test_a_list_is_walked_by_cursors_across_deletions(user: RunningApp) -> None:
    made = [(await generate(user, prompt=f"Fox number {number}"))["id"] for number in range(5)]
    page = await ask(user, "GET", "images", params={"limit": 2})
    assert tuple(page) == ("images", "total", "next_cursor")
    assert [image["id"] for image in page["images"]] == [made[4], made[3]]
    assert page["total"] == 5
    deleted = await ask(user, "DELETE", f"images/{made[3]}")
    assert deleted["is_deleted"] is True
    await ask(user, "DELETE", f"images/{made[2]}")
    page = await ask(user, "GET", "images", params={"cursor": page["next_cursor"]})
    assert [image["id"] for image in page["images"]] == [made[1], made[0]]
    assert page["total"] == 3
    assert page["next_cursor"] is None


async def test_a_deleted_image_can_still_be_read(user: RunningApp) -> None:
    image = await generate(user)
    for _ in range(2):
        assert (await ask(user, "DELETE", f"images/{image['id']}"))["is_deleted"] is True
    read = await ask(user, "GET", f"images/{image['id']}")
    assert read["is_deleted"] is True
    assert tuple(read) == IMAGE_FIELDS


async def test_a_list_is_narrowed_by_model_and_template(user: RunningApp) -> None:
    saved = await template(user, model=SDXL)
    with_it = await generate(user, template_id=saved["id"])
    other = await ask(user, "POST", "generate", 201, json={"prompt": PROMPT, "model": FLUX})
    for params, found in (
        ({"model": FLUX}, [other["id"]]),
        ({"template_id": saved["id"]}, [with_it["id"]]),
        ({"model": FLUX, "template_id": saved["id"]}, []),
        ({"batch_id": "bat_none"}, []),
    ):
        page = await ask(user, "GET", "images", params=params)
        assert [image["id"] for image in page["images"]] == found
        assert page["total"] == len(found)


async def test_models_are_a_plain_array_with_prices(user: RunningApp) -> None:
    models = await ask(user, "GET", "models")
    by_id = {model["id"]: model for model in models}
    assert list(by_id) == [model.id for model in load_catalogue().models]
    flux = by_id[FLUX]
    assert (
        flux.items()
        >= {
            "name": "Flux 1 Schnell",
            "cost_per_image": 0.01,
            "is_recommended": True,
            "speed": "fast",
            "quality": "high",
            "typical_seconds": {"minimum": 2, "maximum": 3},
        }.items()
    )
    assert by_id[SDXL]["cost_per_image"] == 0.02
    assert all(model["description"] for model in models)


async def test_costs_are_summed_up(user: RunningApp) -> None:
    empty = await ask(user, "GET", "analytics/costs")
    assert empty.items() >= {"total_cost": 0, "total_images": 0, "average_cost": 0}.items()
    image = await ask(user, "POST", "generate", 201, json={"prompt": PROMPT, "model": FLUX})
    await generate(user)
    await ask(user, "DELETE", f"images/{image['id']}")
    costs = await ask(user, "GET", "analytics/costs")
    assert costs.items() >= {"total_cost": 0.03, "total_images": 2, "average_cost": 0.015}.items()
    assert [(one["model"], one["total_cost"]) for one in costs["by_model"]] == [
        (SDXL, 0.02),
        (FLUX, 0.01),
    ]
    long_ago = {"since": "2020-01-01T01:00:00+01:00", "until": "2020-01-02T00:00:00Z"}
    costs = await ask(user, "GET", "analytics/costs", params=long_ago)
    assert costs["total_images"] == 0
    assert costs["since"] == "2020-01-01T00:00:00.000Z"
