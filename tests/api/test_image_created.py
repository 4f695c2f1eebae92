import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gql_server.database.queries.images import ImageFilter
from gql_server.domain.errors import ImageNotFound
from gql_server.domain.principal import Principal
from gql_server.generation.new_images import watch_new_images
from tests.graphql.test_subscriptions import CREATED, until
from tests.support.product import SDXL, Product, running_product, workers_ai_settings
from tests.support.subscriber import Subscriber, subscriber
from tests.support.workers_ai_app import WorkersAIStandin

pytestmark = pytest.mark.anyio


@pytest.fixture
async def product(tmp_path: Path, standin: WorkersAIStandin) -> AsyncIterator[Product]:
    async with running_product(tmp_path, workers_ai_settings(standin)) as running:
        yield running


async def created(client: Subscriber, count: int, name: str = "1") -> list[str]:
    return [(await client.next(name))["imageCreated"]["id"] for _ in range(count)]


async def in_order(product: Product) -> list[str]:
    query = "{ images(first: 100, orderBy: OLDEST_FIRST) { edges { node { id } } } }"
    edges = (await product.ask(query))["images"]["edges"]
    return [edge["node"]["id"] for edge in edges]


async def test_images_are_told_once_in_the_order_of_the_list(product: Product) -> None:
    before = await product.image()
    async with subscriber(product.settings.server_url) as client:
        await client.subscribe(CREATED)
        await until(lambda: product.parts.progress.watchers == 1)
        await asyncio.gather(*(product.image() for _ in range(20)))
        found = await created(client, 20)
        assert [before["id"], *found] == await in_order(product)
        await client.settled()


async def test_one_who_comes_back_is_told_what_came_later(product: Product) -> None:
    async with subscriber(product.settings.server_url) as client:
        await client.subscribe(CREATED)
        await until(lambda: product.parts.progress.watchers == 1)
        await product.image()
        (last,) = await created(client, 1)
    await asyncio.gather(*(product.image() for _ in range(5)))
    async with subscriber(product.settings.server_url) as client:
        await client.subscribe(CREATED, after=last)
        missed = await created(client, 5)
        now = await product.image()
        assert await created(client, 1) == [now["id"]]
    assert [last, *missed, now["id"]] == await in_order(product)


async def test_a_filter_narrows_and_the_fields_are_those_asked_for(product: Product) -> None:
    async with subscriber(product.settings.server_url) as client:
        await client.subscribe(
            """subscription($filter: ImageFilter) {
              created: imageCreated(filter: $filter) {
                prompt url r2Url cost tags model { id } template { name }
              }
            }""",
            filter={"tags": ["wanted"], "models": [SDXL]},
        )
        await until(lambda: product.parts.progress.watchers == 1)
        await product.image(tags=["wanted"])
        await product.image(model=SDXL)
        image = await product.image(model=SDXL, tags=["wanted"])
        (told,) = (await client.next()).values()
    fields = ("prompt", "url", "r2Url", "cost", "tags")
    assert told == {name: image[name] for name in fields} | {
        "model": {"id": SDXL},
        "template": None,
    }


async def test_those_who_watch_alike_share_the_reads_and_no_one_sees_another_s(
    product: Product,
) -> None:
    async with subscriber(product.settings.server_url) as client:
        for number in range(50):
            await client.subscribe(CREATED, str(number))
        await until(lambda: product.parts.progress.watchers == 50)
        assert product.parts.progress.topics == 1
        image = await product.image()
        answers = [await client.receive() for _ in range(50)]
    assert {answer["id"] for answer in answers} == {str(number) for number in range(50)}
    assert {answer["payload"]["data"]["imageCreated"]["id"] for answer in answers} == {image["id"]}
    with pytest.raises(ImageNotFound):
        await watch_new_images(
            product.parts, Principal("someone"), {"id"}, ImageFilter(), after=image["id"]
        )
