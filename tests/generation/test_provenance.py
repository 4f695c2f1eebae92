"""What the files of generated images say about how they were made."""

import asyncio
from base64 import b64encode
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from structlog.testing import capture_logs

from gql_server import __version__
from gql_server.domain.parameters import Parameters, parameters_to_json
from gql_server.pictures.formats import ImageFormat
from gql_server.pictures.provenance.content_credentials import ContentCredentials
from gql_server.pictures.provenance.marks import Unmarkable
from tests.access.access_probes import INPAINTING
from tests.database.rows import add_image
from tests.generation.test_recovery import charges, claimed_id, ends_in_the_middle
from tests.pictures.test_content_credentials import manifests
from tests.pictures.test_provenance import ORIGIN, SVG, TRAINED, encoded, pixels, read_by_exiv2
from tests.support.certificates import signing_certificate
from tests.support.running_app import FLUX, RunningApp, png, running_app, workers_ai_settings
from tests.support.waiting import WAIT_SECONDS
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import Reply, replies, success

pytestmark = pytest.mark.anyio

SOFTWARE = f"gql_server {__version__}"
PROVENANCE = "provenance { marks markedBy digitalSourceType model software includesPrompt }"
READ = "query I($id: ID!) { image(id: $id) { sizeBytes r2Url url(width: 20) %s } }" % PROVENANCE
LIST = "{ images { edges { node { id %s } } } }" % PROVENANCE
OURS = {
    "marks": ["XMP"],
    "markedBy": "SERVER",
    "digitalSourceType": TRAINED,
    "model": FLUX,
    "software": SOFTWARE,
    "includesPrompt": False,
}
WAN = "alibaba/wan-2.6-image"
VECTOR = "recraft/recraftv4-vector"


def answers(data: bytes) -> Any:
    return replies(success({"image": b64encode(data).decode()}))


async def downloaded(app: RunningApp, image_id: str) -> tuple[dict[str, Any], bytes, bytes]:
    """Return an image, its file, and a rendition of it."""
    image: dict[str, Any] = (await app.ask(READ, id=image_id))["image"]
    file, rendition = [await app.client.get(image.pop(name)) for name in ("r2Url", "url")]
    assert (file.status_code, rendition.status_code) == (200, 200)
    assert image["sizeBytes"] == len(file.content)
    return image, file.content, rendition.content


async def test_an_image_says_that_a_model_made_it(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    sent = encoded(ImageFormat.JPEG)
    fake_workers_ai.next(answers(sent))
    made = await app.image(prompt="A secret fox")
    image, file, rendition = await downloaded(app, made["id"])
    xmp = {
        "Xmp.iptcExt.DigitalSourceType": TRAINED,
        "Xmp.iptcExt.AISystemUsed": FLUX,
        "Xmp.xmp.CreatorTool": SOFTWARE,
    }
    assert read_by_exiv2(file) == read_by_exiv2(rendition) == xmp
    assert pixels(file) == pixels(sent)
    assert b"secret" not in file
    assert image["provenance"] == OURS
    assert (await app.ask(LIST))["images"]["edges"][0]["node"]["provenance"] == OURS
    response = await app.client.get(f"/api/images/{made['id']}")
    assert response.json()["provenance"] == {
        "digital_source_type": TRAINED,
        "has_c2pa_manifest": False,
        "marked_by": "server",
        "model": FLUX,
        "software": SOFTWARE,
        "includes_prompt": False,
    }


async def test_every_kind_of_image_says_how_it_was_made(app: RunningApp, tmp_path: Path) -> None:
    vector = await app.image(model=VECTOR)
    image, file, rendition = await downloaded(app, vector["id"])
    root = ET.fromstring(file)
    assert root[0].tag == "{http://www.w3.org/2000/svg}metadata"
    assert read_by_exiv2(rendition)["Xmp.iptcExt.AISystemUsed"] == VECTOR
    assert image["provenance"] == OURS | {"model": VECTOR}
    source, mask = [(await app.upload(png(64, 64)))["sourceImage"]["id"] for _ in range(2)]
    small = {"width": 256, "height": 256}
    edited = await app.image(
        model=INPAINTING, sourceImageIds=[source], maskImageId=mask, prompt="A fox", **small
    )
    image, file, _ = await downloaded(app, edited["id"])
    composite = TRAINED.replace("trained", "compositeWithTrained")
    assert image["provenance"]["digitalSourceType"] == composite
    assert read_by_exiv2(file)["Xmp.iptcExt.DigitalSourceType"] == composite
    upload = await app.ask(
        "query U($id: ID!) { node(id: $id) { ... on SourceImage { url } } }", id=source
    )
    assert read_by_exiv2((await app.client.get(upload["node"]["url"])).content) == {}
    (tmp_path / "previews").mkdir()
    async with running_app(tmp_path / "previews") as previews:
        drawn = await previews.image()
        _, file, _ = await downloaded(previews, drawn["id"])
    assert read_by_exiv2(file)["Xmp.iptcExt.DigitalSourceType"].endswith("/algorithmicMedia")


async def test_what_the_provider_has_marked_stays_byte_for_byte(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    credentials = ContentCredentials(*signing_certificate())
    for image_format in (ImageFormat.PNG, ImageFormat.WEBP, ImageFormat.SVG):
        data = SVG if image_format is ImageFormat.SVG else encoded(image_format)
        signed = credentials.signed(data, image_format, ORIGIN, title="of the provider")
        fake_workers_ai.file_replies.append(
            Reply(body=signed, content_type=image_format.content_type)
        )
        made = await app.image(model=WAN)
        image, file, rendition = await downloaded(app, made["id"])
        assert file == signed
        assert (image["provenance"]["marks"], image["provenance"]["markedBy"]) == (
            ["C2PA"],
            "PROVIDER",
        )
        assert read_by_exiv2(rendition)["Xmp.iptcExt.DigitalSourceType"] == TRAINED


async def test_settings_say_what_is_written(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> None:
    sent = encoded(ImageFormat.PNG)
    fake_workers_ai.always = answers(sent)
    settings = workers_ai_settings(fake_workers_ai)
    async with running_app(tmp_path, settings | {"provenance": False}) as app:
        made = await app.image()
        image, file, _ = await downloaded(app, made["id"])
        assert file == sent
        assert (image["provenance"]["marks"], image["provenance"]["markedBy"]) == ([], None)
        settings_of_old = parameters_to_json(Parameters())
        old = await add_image(
            app.services.database, user_id=made["userId"], parameters=settings_of_old
        )
        assert (await app.ask(READ, id=old.id))["image"]["provenance"] is None
        response = await app.client.get(f"/api/images/{old.id}")
        assert response.json()["provenance"] is None
    async with running_app(tmp_path, settings | {"provenance_prompt": True}) as app:
        made = await app.image(prompt="A red fox", seed=7)
        image, file, rendition = await downloaded(app, made["id"])
        assert read_by_exiv2(file)["Xmp.iptcExt.AIPromptInformation"] == "A red fox\nSeed: 7"
        assert "Xmp.iptcExt.AIPromptInformation" not in read_by_exiv2(rendition)
        assert image["provenance"]["includesPrompt"] is True


@pytest.fixture(scope="module")
def certificate() -> dict[str, str]:
    chain, key = signing_certificate()
    return {"provenance_certificate": chain, "provenance_private_key": key}


async def test_an_image_is_signed_with_the_operators_certificate(
    tmp_path: Path, fake_workers_ai: FakeWorkersAI, certificate: dict[str, str]
) -> None:
    sent = encoded(ImageFormat.PNG)
    fake_workers_ai.always = answers(sent)
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai) | certificate) as app:
        made = await app.image()
        image, file, rendition = await downloaded(app, made["id"])
        assert image["provenance"] == OURS | {"marks": ["XMP", "C2PA"]}
        _, manifest = manifests(file, ImageFormat.PNG)
        assert manifest["title"] == made["id"]
        assert pixels(file) == pixels(sent)
        report, manifest = manifests(rendition, ImageFormat.PNG)
        (parent,) = manifest["ingredients"]
        assert report["manifests"][parent["active_manifest"]]["title"] == made["id"]
        response = await app.client.get(f"/api/images/{made['id']}")
        assert response.json()["provenance"]["has_c2pa_manifest"] is True


async def test_a_paid_image_is_stored_though_it_cannot_be_signed(
    tmp_path: Path,
    fake_workers_ai: FakeWorkersAI,
    certificate: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def expired(*_given: object, **_named: object) -> bytes:
        raise Unmarkable("the certificate was not valid at time of signing")

    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai) | certificate) as app:
        monkeypatch.setattr(ContentCredentials, "signed", expired)
        with capture_logs() as logs:
            made = await app.image()
        image, file, _ = await downloaded(app, made["id"])
    assert image["provenance"] == OURS
    assert read_by_exiv2(file)["Xmp.iptcExt.DigitalSourceType"] == TRAINED
    (line,) = (line for line in logs if line["event"] == "image_not_signed")
    assert (line["image"], line["log_level"]) == (made["id"], "warning")


@pytest.mark.parametrize("where", ["marked", "save_bytes", "save_row"])
async def test_a_crash_at_each_step_pays_marks_and_stores_once(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    fake_workers_ai: FakeWorkersAI,
    certificate: dict[str, str],
    where: str,
) -> None:
    settings = workers_ai_settings(fake_workers_ai) | certificate
    step = f"gql_server.generation.produce.{where}"
    async with ends_in_the_middle(monkeypatch, step, tmp_path, settings, deadline=60) as (
        app,
        reached,
    ):
        request = asyncio.create_task(app.generate(model=WAN, idempotencyKey="k"))
        async with asyncio.timeout(WAIT_SECONDS):
            await reached.wait()
        request.cancel()
        image_id = await claimed_id(app)
        before = await app.services.store.get(f"generated/{image_id}.png")
        before = before or await app.services.store.get(f"generated/{image_id}.jpg")
        assert (before is not None) == (where == "save_row")
    async with running_app(tmp_path, settings) as app:
        made = await app.image(model=WAN, idempotencyKey="k")
        assert made["id"] == image_id
        image, file, _ = await downloaded(app, image_id)
        assert before is None or before.data == file  # signed once
        assert image["provenance"] == OURS | {"marks": ["XMP", "C2PA"], "model": WAN}
        assert read_by_exiv2(file)["Xmp.iptcExt.AISystemUsed"] == WAN
        assert await charges(app.services.database) == [image_id]
    assert len(fake_workers_ai.requests) == 1
