"""Images that are purged: their words and bytes are gone, and what they cost stays."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from gql_server.database.tables.images import ImageRow
from gql_server.domain.clock import now
from gql_server.ledger.audit.audit import audit
from gql_server.ledger.audit.store import audit_store
from tests.support.receiver import Receiver
from tests.support.running_app import GENERATE, SDXL, RunningApp, png, running_app
from tests.support.s3 import S3Server
from tests.support.waiting import WAIT_SECONDS
from tests.support.words import files_with, tables_with

pytestmark = pytest.mark.anyio

WORD = "xylophonist"
IMG2IMG = "@cf/runwayml/stable-diffusion-v1-5-img2img"
SMALL = {"width": 256, "height": 256}
COSTS = """{ costAnalytics { totalCost totalImages averageCost providerCost neurons
  byModel { model { id } totalCost totalImages } byUser { totalCost totalImages } } }"""
PURGE = """mutation($id: ID!) { purgeImage(input: {id: $id}) {
  purgedId userErrors { __typename code path } } }"""
PURGE_MANY = """mutation($input: PurgeImagesInput!) { purgeImages(input: $input) {
  erasure { id status total purged } userErrors { code path } } }"""
DELETE = "mutation($id: ID!) { deleteImage(input: {id: $id}) { image { url } } }"
RESTORE = "mutation($id: ID!) { restoreImage(input: {id: $id}) { image { url } } }"
ERASURE = "query($id: ID!) { erasure(id: $id) { status total purged finishedAt } }"
BATCH = """mutation($input: GenerateBatchInput!) { generateBatch(input: $input) {
  batch { id } userErrors { message } } }"""
LOOK = """query($id: ID!, $batch: ID!) { image(id: $id) { id }
  images(filter: {deleted: INCLUDE}) { edges { node { id } } }
  batch(id: $batch) { status succeeded
    items { edges { node { prompt status image { id } } } } } }"""


@pytest.fixture
async def working_app(tmp_path: Path) -> AsyncIterator[RunningApp]:
    async with running_app(tmp_path, runs_jobs=True) as running:
        yield running


def wordy(number: int = 0, **changes: Any) -> dict[str, Any]:
    """Return an input that has the word wherever an image keeps one."""
    return {
        "prompt": f"A {WORD} in the snow, {number}",
        "model": SDXL,
        "negativePrompt": f"no {WORD}",
        "tags": [f"tag-{WORD}"],
        "metadata": {"note": f"for the {WORD}"},
        **changes,
    }


async def finished_batch(app: RunningApp, *prompts: str) -> str:
    given = wordy(name=f"For the {WORD}") | {"pictures": {"prompts": prompts}}
    del given["prompt"]
    payload = (await app.ask(BATCH, input=given))["generateBatch"]
    assert payload["userErrors"] == []
    batch_id: str = payload["batch"]["id"]
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            query = "query($id: ID!) { batch(id: $id) { finishedAt } }"
            if (await app.ask(query, id=batch_id))["batch"]["finishedAt"] is not None:
                return batch_id
            await asyncio.sleep(0.05)


async def ended(app: RunningApp, erasure_id: str) -> dict[str, Any]:
    async with asyncio.timeout(WAIT_SECONDS):
        while True:
            found: dict[str, Any] = (await app.ask(ERASURE, id=erasure_id))["erasure"]
            if found["status"] == "FINISHED":
                return found
            await asyncio.sleep(0.05)


async def test_a_purged_image_leaves_no_word_and_no_byte_and_costs_what_it_did(
    working_app: RunningApp, tmp_path: Path
) -> None:
    app, database = working_app, working_app.services.database
    first = await app.image(**wordy(idempotencyKey="first"))
    batch_id = await finished_batch(app, f"{WORD} one", f"{WORD} two")
    await app.image(prompt="Another one", tags=["kept"])
    costs = await app.ask(COSTS)
    assert {"images", "image_tags", "batch_items"} <= await tables_with(database, WORD)
    assert "gql_server.db" in {name.removesuffix("-wal") for name in files_with(tmp_path, WORD)}

    # One, without being deleted before.
    assert (await app.client.get(first["url"])).status_code == 200
    assert (await app.client.get(f"{first['url']}?width=16")).status_code == 200
    for _ in range(2):
        purged = (await app.ask(PURGE, id=first["id"]))["purgeImage"]
        assert purged == {"purgedId": first["id"], "userErrors": []}
    assert (await app.client.get(first["url"])).status_code == 404
    assert (await app.client.get(f"{first['url']}?width=16")).status_code == 404
    assert not files_with(tmp_path / "images", first["id"])

    # The same request again is not paid again.
    again = await app.ask(GENERATE, input=wordy(idempotencyKey="first"))
    (error,) = again["generateImage"]["userErrors"]
    assert (error["__typename"], error["code"]) == ("ImagePurged", "IMAGE_PURGED")
    restored = await app.ask(
        "mutation($id: ID!) { restoreImage(input: {id: $id}) { userErrors { code } } }",
        id=first["id"],
    )
    assert restored["restoreImage"]["userErrors"] == [{"code": "IMAGE_NOT_FOUND"}]

    # The others, by a filter that has the word itself.
    given = {"filter": {"search": WORD}, "maxImages": 2}
    payload = (await app.ask(PURGE_MANY, input=given))["purgeImages"]
    assert payload["userErrors"] == []
    end = await ended(app, payload["erasure"]["id"])
    assert (end["total"], end["purged"]) == (2, 2)

    assert await tables_with(database, WORD) == set()
    look = await app.ask(LOOK, id=first["id"], batch=batch_id)
    assert look["image"] is None
    assert len(look["images"]["edges"]) == 1
    assert (look["batch"]["status"], look["batch"]["succeeded"]) == ("SUCCEEDED", 2)
    items = [edge["node"] for edge in look["batch"]["items"]["edges"]]
    assert items == [{"prompt": "", "status": "SUCCEEDED", "image": None}] * 2
    assert await app.ask(COSTS) == costs
    assert (await audit(database)).is_clean
    assert (await audit_store(database, app.services.store)).is_clean
    # Neither has the database's file the word, in free pages or in its write-ahead log.
    assert files_with(tmp_path, WORD) == set()


async def test_what_is_not_the_callers_or_matches_too_much_is_not_purged(app: RunningApp) -> None:
    await app.image()
    missing = (await app.ask(PURGE, id="img_none"))["purgeImage"]
    assert missing == {
        "purgedId": None,
        "userErrors": [
            {"__typename": "ImageNotFound", "code": "IMAGE_NOT_FOUND", "path": ["input", "id"]}
        ],
    }
    refused = [
        ({"filter": {}}, {"code": "REQUIRED", "path": ["input", "filter"]}),
        (
            {"filter": {"isPreview": True}, "maxImages": 0},
            {"code": "TOO_MANY", "path": ["input", "maxImages"]},
        ),
        (
            {"filter": {"tags": ["x"] * 21}},
            {"code": "TOO_MANY", "path": ["input", "filter", "tags"]},
        ),
    ]
    for given, error in refused:
        payload = (await app.ask(PURGE_MANY, input=given))["purgeImages"]
        assert payload == {"erasure": None, "userErrors": [error]}
    found = await app.ask("{ images { edges { node { id } } } }")
    assert len(found["images"]["edges"]) == 1


async def test_in_a_bucket_a_signed_url_stops_and_a_purged_image_has_no_object(
    production: RunningApp, s3: S3Server
) -> None:
    app, bucket = production, production.settings.r2_bucket
    assert bucket is not None
    image = await app.image(**wordy())
    url, marker = image["url"], ".gql-server-store.json"
    assert (await app.client.get(url)).status_code == 200
    for _ in range(2):
        await app.ask(DELETE, id=image["id"])
        assert (await app.client.get(url)).status_code == 404
        (hidden,) = set(s3.keys(bucket)) - {marker}
        assert hidden.startswith("withheld/")
        await app.ask(RESTORE, id=image["id"])
        assert (await app.client.get(url)).status_code == 200
    await app.ask(DELETE, id=image["id"])
    assert (await audit_store(app.services.database, app.services.store)).is_clean
    assert (await app.ask(PURGE, id=image["id"]))["purgeImage"]["purgedId"] == image["id"]
    assert s3.keys(bucket) == [marker]
    assert await tables_with(app.services.database, WORD) == set()
    assert (await audit(app.services.database)).is_clean


async def test_cloudflares_cache_is_purged_and_what_fails_is_tried_again(
    tmp_path: Path, receiver: Receiver
) -> None:
    settings = {
        "cloudflare_zone_id": "023e105f4ecef8ad9ca31a8372d0c353",
        "cloudflare_cache_token": "cache-token",
        "cloudflare_cache_api_url": f"http://127.0.0.1:{receiver.port}/client/v4",
    }
    async with running_app(tmp_path, settings) as app:
        image = await app.image()
        response = await app.client.get(image["url"])
        assert response.headers["Cache-Tag"] == image["id"]
        await app.ask(PURGE, id=image["id"])
        (purged,) = receiver.received
        assert purged.headers["authorization"] == "Bearer cache-token"
        assert json.loads(purged.body) == {"tags": [image["id"]]}

        # An error of the API, and one of the operator: both keep the file due.
        other = await app.image()
        receiver.next(503)
        await app.ask(PURGE, id=other["id"])
        assert await due(app) == [other["id"]]
        receiver.next(403)
        await make_due(app)
        await app.services.files.sweep()
        assert await due(app) == [other["id"]]
        await make_due(app)
        await app.services.files.sweep()
        assert await due(app) == []
        assert len(receiver.received) == 4


async def test_a_store_that_is_away_keeps_files_due_until_it_is_back(
    app: RunningApp, tmp_path: Path
) -> None:
    image = await app.image()
    # The volume is not mounted: what is not there is not taken for erased.
    images = tmp_path / "images"
    images.rename(tmp_path / "elsewhere")
    images.mkdir()
    purged = await app.ask(PURGE, id=image["id"])
    assert purged["purgeImage"]["userErrors"] == []
    assert await due(app) == [image["id"]]
    images.rmdir()
    (tmp_path / "elsewhere").rename(images)
    assert files_with(images, image["id"])
    await make_due(app)
    await app.services.files.sweep()
    assert await due(app) == []
    assert not files_with(images, image["id"])


async def test_what_an_older_version_deleted_or_restored_is_noticed(app: RunningApp) -> None:
    deleted, restored = await app.image(), await app.image()
    await app.ask(DELETE, id=restored["id"])
    async with app.services.database.write() as connection:
        for image_id, moment in ((deleted["id"], now()), (restored["id"], None)):
            mine = update(ImageRow).where(col(ImageRow.id) == image_id)
            await connection.execute(mine.values(deleted_at=moment))
    await app.services.files.notice()
    await app.services.files.sweep()
    assert (await app.client.get(deleted["url"])).status_code == 404
    assert (await app.client.get(restored["url"])).status_code == 200


async def test_images_made_from_what_is_gone_stay_and_have_no_source(app: RunningApp) -> None:
    upload = (await app.upload(png(64, 64)))["sourceImage"]["id"]
    image = (await app.image())["id"]
    made = [
        (await app.image(model=IMG2IMG, sourceImageIds=[source], **SMALL))["id"]
        for source in (upload, image)
    ]
    await app.ask(PURGE, id=image)
    deleted = await app.ask(
        "mutation($id: ID!) { deleteSourceImage(input: {id: $id}) { deletedId } }", id=upload
    )
    assert deleted["deleteSourceImage"]["deletedId"] == upload
    assert not files_with(app.settings.data_dir / "images", upload)
    for one, source in zip(made, (upload, image), strict=True):
        query = """query($id: ID!) { image(id: $id) {
          requestKind sources { ... on Node { id } } url } }"""
        found = (await app.ask(query, id=one))["image"]
        assert (found["requestKind"], found["sources"]) == ("IMAGE_TO_IMAGE", [None])
        assert (await app.client.get(found["url"])).status_code == 200
        remake = """mutation($id: ID!) { remakeImage(input: {id: $id}) {
          userErrors { code path } } }"""
        refused = (await app.ask(remake, id=one))["remakeImage"]["userErrors"]
        assert [error["code"] for error in refused] == ["IMAGE_NOT_FOUND"], source


async def due(app: RunningApp) -> list[str]:
    """Return the images whose file must be moved or erased."""
    async with app.services.database.write() as connection:
        found = select(col(ImageRow.id)).where(col(ImageRow.file_due_at).is_not(None))
        return list((await connection.execute(found)).scalars())


async def make_due(app: RunningApp) -> None:
    """Let the minute pass in which another process is left alone with the files."""
    async with app.services.database.write() as connection:
        is_due = update(ImageRow).where(col(ImageRow.file_due_at).is_not(None))
        await connection.execute(is_due.values(file_due_at=now()))
