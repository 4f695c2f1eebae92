"""What the client does, by asyncio and by threads, on a running server."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from gql_server.client import (
    AsyncClient,
    BadRequest,
    BatchConflict,
    IdempotencyConflict,
    InvalidInput,
    MaxCostExceeded,
    NotFound,
    PromptRefused,
    Unauthenticated,
)
from tests.client.conftest import files_in, opened
from tests.support.running_app import CREATE_TEMPLATE, FLUX, SDXL, RunningApp, png

pytestmark = pytest.mark.anyio

IMG2IMG = "@cf/runwayml/stable-diffusion-v1-5-img2img"
INPAINTING = "@cf/runwayml/stable-diffusion-v1-5-inpainting"


async def test_an_image_is_generated_found_changed_and_downloaded(
    client: AsyncClient, tmp_path: Path
) -> None:
    estimate = await client.estimate_cost("A red fox", model=FLUX, steps=4)
    image = await client.generate(
        "A red fox", model=FLUX, steps=4, seed=7, tags=["fox"], metadata={"order": 42}
    )
    assert image.cost == estimate.cost
    assert isinstance(image.cost, Decimal)
    assert (image.model.id, image.parameters.seed, image.metadata) == (FLUX, 7, {"order": 42})
    assert image.created_at.tzinfo is not None
    assert await client.image(image.id) == image
    with pytest.raises(Exception, match="frozen"):
        image.prompt = "another"

    changed = await client.update_image(image, tags=["red"])
    assert (changed.tags, changed.metadata) == (("red",), {"order": 42})
    again = await client.remake(image, seed=None, tags=None)
    assert again.parameters.seed != 7
    assert {one.id async for one in client.images(tags=["red"])} == {image.id}

    content = await client.read_bytes(image)
    assert len(content) == image.size_bytes
    path = await client.download(image.id, tmp_path)
    assert path == tmp_path / f"{image.id}.{path.suffix[1:]}"
    assert path.read_bytes() == content
    assert files_in(tmp_path) == [path.name]

    assert (await client.delete_image(image)).is_deleted
    assert [one.id async for one in client.images()] == [again.id]
    assert not (await client.restore_image(image.id)).is_deleted
    costs = await client.costs(since=datetime.now(UTC) - timedelta(days=1), interval="HOUR")
    assert (costs.total_images, costs.total_cost) == (2, image.cost + again.cost)
    assert costs.by_model[0].model is not None
    assert costs.by_model[0].model.id == FLUX
    assert sum(period.total_images for period in costs.timeline) == 2


async def test_all_pages_of_a_list_are_read(
    client: AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in ("asynchronous", "synchronous"):
        monkeypatch.setattr(f"gql_server.client.{room}.connection._PAGE", 2)
    prompts = [f"A red fox, {number}" for number in range(5)]
    batch = await client.create_batch(prompts, model=FLUX, name="foxes")
    items = [item async for item in client.batch_items(batch)]
    assert [item.prompt for item in items] == prompts
    assert [one.id async for one in client.batches(status=["QUEUED"], search="FOX")] == [batch.id]
    with pytest.raises(NotFound):
        [item async for item in client.batch_items("bat_unknown")]


async def test_images_are_generated_from_uploads(client: AsyncClient, tmp_path: Path) -> None:
    photo = tmp_path / "photo.png"
    photo.write_bytes(png(64, 64))
    image = await client.edit("Make it snow", photo, model=IMG2IMG, strength=0.5)
    masked = await client.edit("A hat", image, mask=png(64, 64, "white"), model=INPAINTING)
    assert masked.model.id == INPAINTING
    uploads = [upload async for upload in client.source_images()]
    assert [(one.width, one.content_type) for one in uploads] == [(64, "image/png")] * 2
    assert await client.source_image(uploads[0].id) == uploads[0]
    assert (await client.download(uploads[0], tmp_path)).suffix == ".png"
    await client.delete_source_image(uploads[0])
    with pytest.raises(NotFound):
        await client.source_image(uploads[0].id)
    with pytest.raises(NotFound):
        await client.read_bytes(uploads[0].id)


async def test_models_templates_and_the_caller_are_read(
    client: AsyncClient, user: RunningApp
) -> None:
    models = await client.models()
    assert await client.model(FLUX) == next(model for model in models if model.id == FLUX)
    template_id = (await user.ask(CREATE_TEMPLATE))["createTemplate"]["template"]["id"]
    template = await client.template(template_id)
    assert [one async for one in client.templates()] == [template]
    viewer = await client.viewer()
    assert viewer.role == "CREATOR"
    assert await client.execute("{ viewer { userId } }") == {"viewer": {"userId": viewer.user_id}}
    lookups = [client.model, client.template, client.image, client.batch, client.generation]
    for look_up in lookups:
        with pytest.raises(NotFound, match="There is no"):
            await look_up("unknown")


async def test_a_batch_is_estimated_requested_and_canceled(client: AsyncClient) -> None:
    images = ["A red fox", {"prompt": "A grey fox", "seed": 3}]
    estimate = await client.estimate_batch_cost(images, model=FLUX)  # type: ignore[arg-type]
    batch = await client.create_batch(images, model=FLUX, priority="HIGH", tags=["fox"])  # type: ignore[arg-type]
    assert (batch.total, batch.priority, batch.tags) == (2, "HIGH", ("fox",))
    assert batch.estimated_cost == estimate.cost
    canceled = await client.cancel_batch(batch)
    assert (canceled.canceled, canceled.is_finished) == (2, True)
    assert await client.wait_for_batch(batch.id) == canceled
    with pytest.raises(BatchConflict):
        await client.resume_batch(batch)
    with pytest.raises(BatchConflict) as conflict:
        await client.retry_batch(batch)
    assert conflict.value.errors[0].batch_id == batch.id


async def test_errors_have_a_type_a_code_a_field_and_a_suggestion(client: AsyncClient) -> None:
    with pytest.raises(InvalidInput) as invalid:
        await client.generate("ab", model=FLUX, steps=99)
    assert [error.path for error in invalid.value.errors] == [
        ("input", "prompt"),
        ("input", "steps"),
    ]
    assert (invalid.value.code, invalid.value.field) == ("TOO_SHORT", "prompt")
    assert "minimum" in (invalid.value.suggestion or "")
    with pytest.raises(MaxCostExceeded) as expensive:
        await client.generate("A red fox", model=FLUX, max_cost=Decimal("0.000001"))
    assert expensive.value.cost == (await client.estimate_cost("A red fox", model=FLUX)).cost
    with pytest.raises(PromptRefused):
        await client.generate("A red fox [preview:refuse]", model=SDXL)
    await client.generate("A red fox", model=FLUX, idempotency_key="mine")
    with pytest.raises(IdempotencyConflict):
        await client.generate("A grey fox", model=FLUX, idempotency_key="mine")
    with pytest.raises(BadRequest) as bad:
        await client.execute("{ unknown }")
    assert bad.value.code == "BAD_REQUEST"
    with pytest.raises(ValueError, match="no time zone"):
        await client.costs(since=datetime(2026, 1, 1))  # noqa: DTZ001 - the error of this test


async def test_a_key_that_is_refused_is_not_shown(kind: str, server: RunningApp) -> None:
    secret = "gqls_0123456789abcdef0123456789abcdef"
    async with opened(kind, server.settings.server_url, api_key=secret) as client:
        with pytest.raises(Unauthenticated) as refused:
            await client.viewer()
        shown = [repr(client), repr(refused.value), repr(vars(refused.value))]
        assert not any(secret in text for text in shown)
        batch = client.watch_batch("bat_unknown")
        with pytest.raises(Unauthenticated):
            await anext(batch)
