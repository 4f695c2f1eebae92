"""Images sorted by cost and by size, and the pages of these lists."""

from typing import Any

import pytest

from tests.support.running_app import FLUX, SDXL, RunningApp

pytestmark = pytest.mark.anyio

LIST = """query ($order: ImageOrder!, $after: String, $last: Int, $first: Int) {
  images(first: $first, last: $last, after: $after, orderBy: $order) {
    edges { cursor node { prompt cost sizeBytes } } pageInfo { hasNextPage endCursor } } }"""


async def listed(app: RunningApp, order: str, **page: Any) -> list[dict[str, Any]]:
    data = await app.ask(LIST, order=order, **page)
    return [edge["node"] for edge in data["images"]["edges"]]


async def test_images_are_listed_by_cost_and_size_beside_the_common_list(app: RunningApp) -> None:
    for width, model in ((1024, FLUX), (256, SDXL), (512, SDXL)):
        size = {} if model == FLUX else {"width": width, "height": width}
        await app.image(model=model, prompt=f"A fox {width}", **size)
    for _ in range(3):  # the plan of a document that comes again answers the same
        costs = [one["cost"] for one in await listed(app, "MOST_EXPENSIVE_FIRST", first=10)]
        assert costs == sorted(costs, reverse=True)
        sizes = [one["sizeBytes"] for one in await listed(app, "SMALLEST_FIRST", first=10)]
        assert sizes == sorted(sizes)
        newest = [one["prompt"] for one in await listed(app, "NEWEST_FIRST", first=10)]
        assert newest == ["A fox 512", "A fox 256", "A fox 1024"]
    data = await app.ask(LIST, order="LARGEST_FIRST", first=1)
    after = data["images"]["pageInfo"]["endCursor"]
    rest = await listed(app, "LARGEST_FIRST", first=10, after=after)
    assert [one["sizeBytes"] for one in rest] == sorted(sizes, reverse=True)[1:]
    answer = await app.answer(LIST, order="MOST_EXPENSIVE_FIRST", first=1, after=after)
    assert "cursor of a list with this order" in answer["errors"][0]["message"]
