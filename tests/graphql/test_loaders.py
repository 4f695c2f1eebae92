"""What several fields of one operation wait for is cancelled with none of them."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from gql_server.api.context import Context
from gql_server.domain.principal import Principal
from tests.support.running_app import RunningApp, running_app

pytestmark = pytest.mark.anyio


def context_of(app: RunningApp) -> Context:
    return Context(app.services, {}, None, Principal(user_id="ann"))  # type: ignore[arg-type]  # nobody is authenticated here


async def budgets(context: Context) -> Any:
    return await context.budgets()


async def image(context: Context) -> Any:
    return await context.loaders.images.load("img_of_nobody")


@pytest.mark.parametrize(("read", "found"), [(budgets, []), (image, None)])
async def test_a_field_that_is_cancelled_takes_nothing_from_another(
    tmp_path: Path, read: Callable[[Context], Awaitable[Any]], found: object
) -> None:
    async with running_app(tmp_path) as app:
        context = context_of(app)
        one, other = (asyncio.ensure_future(read(context)) for _ in range(2))
        await asyncio.sleep(0)
        one.cancel()
        assert await other == found
    assert one.cancelled()
