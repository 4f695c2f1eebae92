"""An operation that ends early awaits or closes every coroutine that it made."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator, Iterator

import pytest
import strawberry

from gql_server.graphql.execution.executor import PlainFieldExecutor

pytestmark = pytest.mark.anyio


class Stop:
    """Lets a field cancel the operation that it belongs to."""

    task: "asyncio.Task[object] | None" = None


@strawberry.type
class Leaf:
    name: str

    @strawberry.field
    async def late(self) -> str:
        await asyncio.sleep(0)
        return self.name


@strawberry.type
class Branch:
    name: str

    @strawberry.field
    def leaves(self) -> list[Leaf]:
        return [Leaf(name=f"{self.name} {number}") for number in range(3)]

    @strawberry.field
    async def grown(self) -> list[Leaf]:
        return [Leaf(name=self.name)] * 2

    @strawberry.field
    def promised(self) -> list[Leaf]:
        async def leaf() -> Leaf:
            return Leaf(name=self.name)

        return [leaf(), leaf()]  # type: ignore[list-item]  # graphql-core awaits the items of a list

    @strawberry.field
    async def failed(self) -> str:
        raise ValueError("failed")


@strawberry.type
class Query:
    @strawberry.field
    async def canceled(self, info: strawberry.Info[Stop]) -> str:
        assert info.context.task is not None
        info.context.task.cancel()
        await asyncio.sleep(0)
        return "too late"

    @strawberry.field
    async def failed(self) -> str:
        raise ValueError("failed")

    @strawberry.field
    def failed_at_once(self) -> str:
        raise ValueError("failed")

    @strawberry.field
    def branch(self) -> Branch:
        return Branch(name="b")

    @strawberry.field
    async def branches(self) -> list[Branch]:
        return [Branch(name="b"), Branch(name="c")]


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def branch(self) -> AsyncIterator[Branch]:
        for _ in range(2):
            yield Branch(name="b")


SCHEMA = strawberry.Schema(
    Query, subscription=Subscription, execution_context_class=PlainFieldExecutor
)
DEEP = "branch { name leaves { name late } grown { late name } promised { late } }"
FIELDS = f"a: {DEEP} b: {DEEP} branches {{ name leaves {{ name late }} grown {{ late }} }}"


@pytest.fixture
def left() -> Iterator[list[warnings.WarningMessage]]:
    """Warnings about coroutines that were never awaited."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield found


@pytest.mark.parametrize("query", [f"{{ canceled {FIELDS} }}", f"{{ {DEEP} canceled {FIELDS} }}"])
async def test_canceled(query: str, left: list[warnings.WarningMessage]) -> None:
    stop = Stop()
    stop.task = asyncio.ensure_future(SCHEMA.execute(query, context_value=stop))
    with pytest.raises(asyncio.CancelledError):
        await stop.task
    gc.collect()
    assert [str(one.message) for one in left] == []


@pytest.mark.parametrize("field", ["failed", "failedAtOnce"])
async def test_an_error_ends_the_fields_beside_it(
    field: str, left: list[warnings.WarningMessage]
) -> None:
    result = await SCHEMA.execute(f"{{ {FIELDS} {field} }}")
    assert result.data is None
    assert [error.message for error in result.errors or ()] == ["failed"]
    await asyncio.sleep(0)
    gc.collect()
    assert [str(one.message) for one in left] == []


async def test_an_error_in_an_event_of_a_subscription(left: list[warnings.WarningMessage]) -> None:
    events = await SCHEMA.subscribe(f"subscription {{ {DEEP.replace('name', 'failed name', 1)} }}")
    assert isinstance(events, AsyncIterator)
    async for event in events:
        assert event.data is None
        assert [error.message for error in event.errors or ()] == ["failed"]
    gc.collect()
    assert [str(one.message) for one in left] == []
