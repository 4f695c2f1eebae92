"""POST /v1/images/edits and /v1/images/variations: forms, JSON, masks, and what is stored."""

from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from gql_server.storage.store import StoreUnavailable
from tests.openai.calls import (
    EDITS,
    PREFLIGHT,
    VARIATIONS,
    ask,
    data_url,
    decoded,
    error,
    events,
    mask,
    send_form,
)
from tests.support.running_app import FLUX, RunningApp, png, running_app, workers_ai_settings
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio

EDIT = {"prompt": "A red fox in the snow", "model": "gpt-image-1", "size": "256x256"}
LIGHTNING = "@cf/bytedance/stable-diffusion-xl-lightning"
KLEIN = "@cf/black-forest-labs/flux-2-klein-9b"
SOURCES = """query ($id: ID!) { image(id: $id) {
  model { id } sources { ... on SourceImage { id width } ... on Image { id } }
  mask { ... on SourceImage { id url } } } }"""
UPLOADS = "{ sourceImages(first: 100) { totalCount edges { node { id } } } }"


async def made_from(user: RunningApp, answer: dict[str, Any]) -> dict[str, Any]:
    (picture,) = answer["data"]
    assert decoded(picture).size == (256, 256)
    image: dict[str, Any] = (await user.ask(SOURCES, id=picture["id"]))["image"]
    return image


async def uploads(user: RunningApp) -> int:
    count: int = (await user.ask(UPLOADS))["sourceImages"]["totalCount"]
    return count


@pytest.mark.parametrize("name", ["image", "image[]", "image[0]"])
async def test_a_form_with_images(user: RunningApp, name: str) -> None:
    other = "image[1]" if name == "image[0]" else name
    response = await send_form(user, EDITS, EDIT, (name, png(64, 64)), (other, png(32, 64)))
    assert response.status_code == 200, response.text
    image = await made_from(user, response.json())
    assert image["model"]["id"] == KLEIN
    assert [one["width"] for one in image["sources"]] == [64, 32]


async def test_a_transparent_area_is_repainted(user: RunningApp) -> None:
    response = await send_form(user, EDITS, EDIT, ("image", png(64, 64)), ("mask", mask(64, 64)))
    assert response.status_code == 200, response.text
    image = await made_from(user, response.json())
    assert image["model"]["id"] == LIGHTNING, "the first model of the alias takes no mask"
    file = await user.client.get(image["mask"]["url"], headers={"Authorization": ""})
    kept = Image.open(BytesIO(file.content)).convert("L")
    assert (kept.getpixel((10, 10)), kept.getpixel((50, 10))) == (255, 0)


async def test_json_with_data_urls_and_ids(user: RunningApp) -> None:
    first = await ask(user, EDITS, json=EDIT | {"images": [{"image_url": data_url(png(64, 64))}]})
    source = (await made_from(user, first))["sources"][0]["id"]
    body = EDIT | {
        "model": LIGHTNING,
        "images": [{"file_id": first["data"][0]["id"]}],
        "mask": {"file_id": source},
    }
    image = await made_from(user, await ask(user, EDITS, json=body))
    assert image["sources"] == [{"id": first["data"][0]["id"]}]
    assert image["mask"]["id"] == source
    assert await uploads(user) == 1


@pytest.mark.parametrize("kind", ["form", "JSON"])
async def test_variations_need_no_prompt(user: RunningApp, kind: str) -> None:
    fields = {"model": "dall-e-2", "n": 1, "size": "256x256"}
    if kind == "form":
        answer = (await send_form(user, VARIATIONS, fields, ("image", png(64, 64)))).json()
    else:
        body = fields | {"image": {"image_url": data_url(png(64, 64))}}
        answer = await ask(user, VARIATIONS, json=body)
    assert (await made_from(user, answer))["sources"][0]["width"] == 64


async def test_a_stream_of_edits(user: RunningApp) -> None:
    response = await send_form(
        user, EDITS, EDIT | {"stream": "true", "n": "2"}, ("image", png(64, 64))
    )
    assert [name for name, _ in events(response.text)] == ["image_edit.completed"] * 2
    assert await uploads(user) == 1


@pytest.mark.parametrize(
    ("body", "param", "code"),
    [
        ({}, "images", "missing_required_parameter"),
        ({"images": []}, "images", "invalid_value"),
        ({"images": [{}]}, "images[0]", "invalid_value"),
        ({"images": [{"file_id": "a", "image_url": "b"}]}, "images[0]", "invalid_value"),
        ({"images": [{"image_url": "https://example.com/a.png"}]}, "images[0]", "invalid_value"),
        ({"images": [{"image_url": "data:image/png;base64,***"}]}, "images[0]", "invalid_value"),
        ({"images": [{"image_url": "data:image/png;base64,AAAA"}]}, "image[0]", "invalid_value"),
        ({"images": [{"image": "x"}]}, "images[0].image", "unknown_parameter"),
    ],
)
async def test_images_that_are_none(
    user: RunningApp, body: dict[str, Any], param: str, code: str
) -> None:
    found = await error(user, EDITS, 400, json=EDIT | body)
    assert (found["param"], found["code"]) == (param, code)
    assert await uploads(user) == 0


async def test_anothers_image_is_not_found(user: RunningApp) -> None:
    missing = {"images": [{"file_id": "src_01jd2kq5w3m8v7x9c4b6n1h0tz"}]}
    found = await error(user, EDITS, 404, json=EDIT | missing)
    assert (found["param"], found["code"]) == ("image[0]", "image_not_found")


async def test_what_cannot_be_used_is_not_kept(user: RunningApp) -> None:
    """Uploads are stored once the request is valid, and deleted if nothing comes of it."""
    for fields, files, param in (
        (EDIT | {"model": FLUX}, (("image", png(8, 8)),), "image"),
        (EDIT | {"n": "11"}, (("image", png(8, 8)),), "n"),
        (EDIT, (("image", png(8, 8)), ("mask", png(8, 8))), "mask"),
        (EDIT, (("image", png(8, 8)), ("mask", b"none")), "mask"),
        (EDIT, (("image", png(8, 8)), ("image", b"none")), "image[1]"),
        (EDIT, (("mask", mask(8, 8)),), "image"),
        (EDIT, (("image", png(8, 8)), ("other", png(8, 8))), "other"),
        (EDIT | {"prompt": "[preview:refuse]"}, (("image", png(8, 8)),), "prompt"),
    ):
        response = await send_form(user, EDITS, fields, *files)
        assert response.status_code == 400, response.text
        assert response.json()["error"]["param"] == param, response.text
        assert await uploads(user) == 0, param


async def test_an_image_that_cannot_be_read_keeps_its_sources(
    user: RunningApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unavailable(key: str) -> Any:
        if key.startswith("generated/"):
            raise StoreUnavailable
        return await get(key)

    get: Any = user.services.store.get
    monkeypatch.setattr(user.services.store, "get", unavailable)
    for headers, should_retry in (({}, "false"), ({"Idempotency-Key": "unread"}, "true")):
        response = await send_form(user, EDITS, EDIT, ("image", png(8, 8)), headers=headers)
        assert response.status_code == 500
        assert response.headers["x-should-retry"] == should_retry
        assert "stored and charged" in response.json()["error"]["message"]
    assert await uploads(user) == 2


async def test_a_form_that_another_page_could_send_is_refused(app: RunningApp) -> None:
    files = {"image": ("a.png", png(8, 8), "image/png")}
    response = await app.client.post(EDITS, data=EDIT, files=files)
    assert response.status_code == 403
    assert "X-Requested-With" in response.json()["error"]["message"]
    for headers in (PREFLIGHT, {"Authorization": "Bearer anything"}):
        response = await app.client.post(EDITS, data=EDIT, files=files, headers=headers)
        assert response.status_code == 200, response.text


async def test_models_receive_the_images(
    tmp_path_factory: pytest.TempPathFactory, fake_workers_ai: FakeWorkersAI
) -> None:
    settings = workers_ai_settings(fake_workers_ai)
    async with running_app(tmp_path_factory.mktemp("edits"), settings) as app:
        response = await send_form(
            app, EDITS, EDIT, ("image", png(256, 256)), ("mask", mask(256, 256))
        )
        assert response.status_code == 200, response.text
    (call,) = fake_workers_ai.requests
    assert call.model == LIGHTNING
    assert {"image_b64", "mask"} & call.parameters.keys() or "image" in call.parameters
