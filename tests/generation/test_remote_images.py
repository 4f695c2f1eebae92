"""Images that were paid for, and whose bytes could not be fetched at first: none is paid twice."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlmodel import col
from structlog.testing import capture_logs

from gql_server.database.tables.remote_images import RemoteImageRow
from gql_server.domain.clock import now
from gql_server.generation.late_images import finish_late_images
from gql_server.inference.workers_ai.client import WorkersAI
from tests.support.running_app import FLUX, RunningApp
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import Reply

pytestmark = pytest.mark.anyio

WAN = "alibaba/wan-2.6-image"
DOWN = Reply(body=b"", status=503)


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = {**(WorkersAI.__init__.__kwdefaults__ or {}), "fetch_waits": ()}
    monkeypatch.setattr(WorkersAI.__init__, "__kwdefaults__", chosen)


async def make_due(app: RunningApp, **values: Any) -> None:
    """Let the time pass that whoever generated an image has to fetch it."""
    async with app.services.database.write() as connection:
        await connection.execute(
            update(RemoteImageRow).values(next_try_at=now() - timedelta(seconds=1), **values)
        )


async def images(app: RunningApp) -> list[dict[str, Any]]:
    data = await app.ask("{ images { edges { node { id cost } } } }")
    return [edge["node"] for edge in data["images"]["edges"]]


async def total(app: RunningApp) -> float:
    return float((await app.ask("{ costAnalytics { totalCost } }"))["costAnalytics"]["totalCost"])


async def test_an_image_that_no_one_waits_for_any_more_is_fetched_stored_and_charged_once(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.file_replies.append(DOWN)
    (error,) = (await app.generate(model=WAN))["userErrors"]
    assert error["code"] == "GENERATION_PENDING"
    await finish_late_images(app.services)  # whoever generated it has its time
    assert await images(app) == []

    await make_due(app)
    await finish_late_images(app.services)
    await make_due(app)
    await finish_late_images(app.services)

    assert await images(app) == [{"id": error["imageId"], "cost": 0.03}]
    assert await total(app) == 0.03
    assert len(fake_workers_ai.requests) == 1


async def test_a_request_that_is_sent_again_with_its_key_fetches_what_was_paid(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.file_replies.append(DOWN)
    (error,) = (await app.generate(model=WAN, idempotencyKey="a"))["userErrors"]
    image = await app.image(model=WAN, idempotencyKey="a")
    assert image["id"] == error["imageId"]
    assert len(fake_workers_ai.requests) == 1
    assert await total(app) == 0.03


async def test_an_image_whose_address_expired_is_not_charged(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.file_replies.extend([DOWN, DOWN])
    await app.generate(model=WAN)
    await make_due(app, expires_at=now() - timedelta(seconds=1))
    await finish_late_images(app.services)
    await make_due(app)
    await finish_late_images(app.services)
    assert await images(app) == []
    assert await total(app) == 0
    assert fake_workers_ai.file_requests == 2


async def test_an_image_that_another_version_must_finish_is_left_to_it(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.file_replies.append(DOWN)
    (error,) = (await app.generate(model=WAN, models=[FLUX]))["userErrors"]
    async with app.services.database.read() as connection:
        (accepted,) = (await connection.execute(select(col(RemoteImageRow.accepted)))).scalars()
    unknown = {**accepted, "model": "maker/of-the-next-version"}
    with capture_logs() as logs:
        await make_due(app, accepted=unknown)
        await finish_late_images(app.services)
    assert [line["event"] for line in logs] == ["late_image_of_other_version"]
    await make_due(app, accepted=accepted)
    await finish_late_images(app.services)
    assert [image["id"] for image in await images(app)] == [error["imageId"]]

    fake_workers_ai.file_replies.append(DOWN)
    await app.generate(model=WAN)
    with capture_logs() as logs:
        await make_due(app, accepted=unknown, expires_at=now() - timedelta(seconds=1))
        await finish_late_images(app.services)
        await make_due(app)
        await finish_late_images(app.services)
    assert [line["event"] for line in logs] == ["paid_image_lost"]
    assert await total(app) == 0.03


async def test_an_image_that_is_gone_at_once_fails_and_may_be_tried_again(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.file_replies.append(Reply(body=b"", status=404))
    (error,) = (await app.generate(model=WAN))["userErrors"]
    assert (error["code"], error["retryable"]) == ("GENERATION_FAILED", True)


async def test_tokens_above_the_reservation_are_not_charged(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.usage = {"input_tokens": 10, "output_tokens": 1_000_000}
    image = await app.image(model="openai/gpt-image-2", quality="low")
    estimate = await app.ask(
        """{ costEstimate(input: {image: {
          model: "openai/gpt-image-2", quality: "low", prompt: "A red fox in the snow"
        }}) { estimate { cost isMaximum } } }"""
    )
    most = estimate["costEstimate"]["estimate"]
    assert most["isMaximum"]
    assert image["cost"] == most["cost"]
    assert image["providerCost"] == 10 * 0.000005 + 1_000_000 * 0.00003


async def test_an_answer_that_counts_no_tokens_costs_the_maximum(
    app: RunningApp, fake_workers_ai: FakeWorkersAI
) -> None:
    fake_workers_ai.usage = {}
    image = await app.image(model="openai/gpt-image-2", quality="low", prompt="A fox")
    # 5 bytes of prompt and 64 around it, and 272 tokens of the image.
    assert image["cost"] == round((5 + 64) * 0.000005 + 272 * 0.00003, 9)
