import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gql_server.database.queries.images import ImageFilter
from gql_server.domain.errors import ImageNotFound
from gql_server.domain.principal import Principal
from gql_server.generation.new_images import watch_new_images
from tests.graphql.test_subscriptions import CREATED, until
from tests.support.running_app import SDXL, RunningApp, running_app, workers_ai_settings
from tests.support.subscriber import Subscriber, subscriber
from tests.support.workers_ai_app import FakeWorkersAI

pytestmark = pytest.mark.anyio


@pytest.fixture
async def app(tmp_path: Path, fake_workers_ai: FakeWorkersAI) -> AsyncIterator[RunningApp]:
    async with running_app(tmp_path, workers_ai_settings(fake_workers_ai)) as running:
        yield running


async def created(client: Subscriber, count: int, name: str = "1") -> list[str]:
    return [(await client.next(name))["imageCreated"]["id"] for _ in range(count)]


async def in_order(app: RunningApp) -> list[str]:
    query = "{ images(first: 100, orderBy: OLDEST_FIRST) { edges { node { id } } } }"
    edges = (await app.ask(query))["images"]["edges"]
    return [edge["node"]["id"] for edge in edges]


async def test_images_are_reported_once_in_the_order_of_the_list(app: RunningApp) -> None:
    before = await app.image()
    async with subscriber(app.settings.server_url) as client:
        await client.subscribe(CREATED)
        await until(lambda: app.services.progress.watchers == 1)
        await asyncio.gather(*(app.image() for _ in range(20)))
        found = await created(client, 20)
        assert [before["id"], *found] == await in_order(app)
        await client.settled()


async def test_one_who_comes_back_receives_what_came_later(app: RunningApp) -> None:
    async with subscriber(app.settings.server_url) as client:
        await client.subscribe(CREATED)
        await until(lambda: app.services.progress.watchers == 1)
        await app.image()
        (last,) = await created(client, 1)
    await asyncio.gather(*(app.image() for _ in range(5)))
    async with subscriber(app.settings.server_url) as client:
        await client.subscribe(CREATED, after=last)
        missed = await created(client, 5)
        now = await app.image()
        assert await created(client, 1) == [now["id"]]
    assert [last, *missed, now["id"]] == await in_order(app)


async def test_a_filter_narrows_and_the_fields_are_those_requested(app: RunningApp) -> None:
    async with subscriber(app.settings.server_url) as client:
        await client.subscribe(
            """subscription($filter: ImageFilter) {
              created: imageCreated(filter: $filter) {
                prompt url r2Url cost tags model { id } template { name }
              }
            }""",
            filter={"tags": ["wanted"], "models": [SDXL]},
        )
        await until(lambda: app.services.progress.watchers == 1)
        await app.image(tags=["wanted"])
        await app.image(model=SDXL)
        image = await app.image(model=SDXL, tags=["wanted"])
        (event,) = (await client.next()).values()
    fields = ("prompt", "url", "r2Url", "cost", "tags")
    assert event == {name: image[name] for name in fields} | {
        "model": {"id": SDXL},
        "template": None,
    }


async def test_those_who_watch_alike_share_the_reads_and_no_one_sees_another_s(
    app: RunningApp,
) -> None:
    async with subscriber(app.settings.server_url) as client:
        for number in range(50):
            await client.subscribe(CREATED, str(number))
        await until(lambda: app.services.progress.watchers == 50)
        assert app.services.progress.topics == 1
        image = await app.image()
        answers = [await client.receive() for _ in range(50)]
    assert {answer["id"] for answer in answers} == {str(number) for number in range(50)}
    assert {answer["payload"]["data"]["imageCreated"]["id"] for answer in answers} == {image["id"]}
    with pytest.raises(ImageNotFound):
        await watch_new_images(
            app.services, Principal("someone"), {"id"}, ImageFilter(), after=image["id"]
        )
