import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette

from gql_server.pictures.decoding import Flaw, NotAPicture
from gql_server.pictures.formats import ImageFormat
from gql_server.storage.folder import FolderStore
from gql_server.storage.store import StoredObject
from gql_server.web.images import images_route
from gql_server.web.renditions import (
    BURST,
    MAX_WAITING,
    RenditionRequest,
    Renditions,
    TooManyWaiting,
)
from tests.support.in_loop import listening, served
from tests.support.waiting import WAIT_SECONDS, until

pytestmark = pytest.mark.anyio


@dataclass
class CountingRender:
    """Answers with as many bytes as the width, and counts; holds on while it is told to."""

    may_finish: Event = field(default_factory=Event)
    widths: list[int | None] = field(default_factory=list)
    running: int = 0
    max_running: int = 0
    is_failing: bool = False
    _lock: Lock = field(default_factory=Lock)

    def __call__(
        self,
        data: bytes,  # noqa: ARG002 - what is counted does not depend on it
        *,
        width: int | None,
        format: ImageFormat | None,  # noqa: A002 - the public name of the argument
    ) -> tuple[bytes, ImageFormat]:
        with self._lock:
            self.widths.append(width)
            self.running += 1
            self.max_running = max(self.max_running, self.running)
        assert self.may_finish.wait(30)
        with self._lock:
            self.running -= 1
        if self.is_failing:
            raise NotAPicture(Flaw.BROKEN)
        return bytes(width or 0), format or ImageFormat.PNG


@pytest.fixture
def render() -> CountingRender:
    counting = CountingRender()
    counting.may_finish.set()
    return counting


@pytest.fixture
def original(tmp_path: Path) -> Path:
    path = tmp_path / "img.png"
    path.write_bytes(b"picture")
    return path


def request(path: Path, width: int) -> RenditionRequest:
    return RenditionRequest(path=path, digest="0" * 64, width=width, format=None)


async def test_a_rendition_is_made_once_and_remembered(
    render: CountingRender, original: Path
) -> None:
    renditions = Renditions(render=render)
    first = await renditions.get(request(original, 10))
    assert await renditions.get(request(original, 10)) is first
    assert first.data == bytes(10)
    assert render.widths == [10]


async def test_many_who_ask_at_once_share_one_making(
    render: CountingRender, original: Path
) -> None:
    renditions = Renditions(render=render)
    answers = await asyncio.gather(*(renditions.get(request(original, 10)) for _ in range(50)))
    assert len({id(answer) for answer in answers}) == 1
    assert render.widths == [10]


async def test_only_two_are_made_side_by_side(original: Path) -> None:
    render = CountingRender()
    renditions = Renditions(render=render)
    tasks = [asyncio.create_task(renditions.get(request(original, n))) for n in range(1, 21)]
    while render.running < 2:
        await asyncio.to_thread(lambda: None)
    async with asyncio.timeout(WAIT_SECONDS):
        await asyncio.to_thread(lambda: None)  # comes after every rendition that was begun
    render.may_finish.set()
    await asyncio.gather(*tasks)
    assert sorted(width for width in render.widths if width) == list(range(1, 21))
    assert render.max_running == 2


async def test_the_least_used_is_forgotten_when_the_bytes_are_too_many(
    render: CountingRender, original: Path
) -> None:
    renditions = Renditions(render=render, cache_bytes=100)
    for width in (60, 40, 60, 30, 60, 40):
        await renditions.get(request(original, width))
    assert render.widths == [60, 40, 30, 40]


async def test_one_too_large_to_remember_is_made_each_time(
    render: CountingRender, original: Path
) -> None:
    renditions = Renditions(render=render, cache_bytes=100)
    for _ in range(2):
        assert len((await renditions.get(request(original, 101))).data) == 101
    assert render.widths == [101, 101]


async def test_one_who_goes_away_takes_nothing_from_the_others(original: Path) -> None:
    render = CountingRender()
    renditions = Renditions(render=render)
    leaving = asyncio.create_task(renditions.get(request(original, 10)))
    staying = asyncio.create_task(renditions.get(request(original, 10)))
    await asyncio.sleep(0)
    leaving.cancel()
    render.may_finish.set()
    assert (await staying).data == bytes(10)
    assert leaving.cancelled()
    assert render.widths == [10]


async def test_one_without_clients_is_never_made(original: Path) -> None:
    render = CountingRender()
    renditions = Renditions(render=render)
    tasks = [
        asyncio.create_task(renditions.get(request(original, width), client="1"))
        for width in range(1, MAX_WAITING + 1)
    ]
    async with asyncio.timeout(WAIT_SECONDS):
        while render.running < 2:
            await asyncio.to_thread(lambda: None)
    for task in tasks[2:]:
        task.cancel()
    await asyncio.wait(tasks[2:])
    render.may_finish.set()
    await asyncio.gather(*tasks[:2])
    # They took nothing from the client's allowance, and their places are free.
    for width in range(MAX_WAITING + 1, MAX_WAITING + BURST - 1):
        await renditions.get(request(original, width), client="1")
    assert not set(render.widths) & set(range(3, MAX_WAITING + 1))


async def test_one_of_clients_that_disconnected_is_never_made(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "images", "http://images")
    await store.put("generated/img_1.png", StoredObject(data=b"image", content_type="image/png"))
    render = CountingRender()
    renditions = Renditions(render=render)
    routes = [images_route(store, renditions=renditions)]
    config = uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off")
    with listening() as (listener, port):
        url = f"http://127.0.0.1:{port}/images/generated/img_1.png"
        async with served(config, listener), httpx.AsyncClient(timeout=WAIT_SECONDS) as staying:
            answers = [asyncio.create_task(staying.get(f"{url}?width={n}")) for n in (1, 2)]
            await until(lambda: render.running == 2)
            async with httpx.AsyncClient(timeout=WAIT_SECONDS) as leaving:
                left = [asyncio.create_task(leaving.get(f"{url}?width={n}")) for n in range(3, 9)]
                await until(lambda: renditions.waiting == 8)
                for task in left:
                    task.cancel()
                await asyncio.wait(left)
            await until(lambda: renditions.waiting == 2)
            render.may_finish.set()
            last = await staying.get(f"{url}?width=9")
            await asyncio.wait(answers)
    assert {answer.result().status_code for answer in answers} == {last.status_code} == {200}
    assert sorted(width for width in render.widths if width) == [1, 2, 9]


async def test_a_failure_reaches_all_who_waited_and_is_not_remembered(
    render: CountingRender, original: Path
) -> None:
    renditions = Renditions(render=render)
    render.is_failing = True
    failed = await asyncio.gather(
        *(renditions.get(request(original, 10)) for _ in range(3)), return_exceptions=True
    )
    assert [type(error) for error in failed] == [NotAPicture] * 3
    render.is_failing = False
    assert (await renditions.get(request(original, 10))).data == bytes(10)


async def test_more_than_may_wait_are_refused_at_once(
    render: CountingRender, original: Path
) -> None:
    render.may_finish.clear()
    renditions = Renditions(render=render)
    waiting = [
        asyncio.create_task(renditions.get(request(original, width)))
        for width in range(1, MAX_WAITING + 1)
    ]
    await asyncio.sleep(0)
    with pytest.raises(TooManyWaiting):
        await renditions.get(request(original, MAX_WAITING + 1))
    render.may_finish.set()
    await asyncio.gather(*waiting)
    assert len((await renditions.get(request(original, MAX_WAITING + 1))).data) == MAX_WAITING + 1
