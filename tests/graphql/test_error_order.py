"""Errors of fields that wait come in the order of the fields, whichever completes first."""

import asyncio
from itertools import permutations

import pytest
import strawberry

from gql_server.graphql.execution.executor import PlainFieldExecutor

pytestmark = pytest.mark.anyio


class Turns:
    """Lets fields fail one after the other."""

    def __init__(self, order: tuple[str, ...]) -> None:
        self._order = list(order)
        self._changed = asyncio.Condition()

    async def fail(self, name: str) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: self._order[0] == name)
            self._order.pop(0)
            self._changed.notify_all()
        raise ValueError(name)


@strawberry.type
class Inner:
    plain: str | None = None

    @strawberry.field
    async def kept(self, info: strawberry.Info) -> str | None:
        await info.context.fail("kept")
        return None

    @strawberry.field
    async def needed(self, info: strawberry.Info) -> str:
        await info.context.fail("needed")
        return ""


@strawberry.type
class Query:
    @strawberry.field
    async def first(self, info: strawberry.Info) -> str | None:
        await info.context.fail("first")
        return None

    @strawberry.field
    async def second(self) -> list[Inner]:
        return [Inner(), Inner()]

    @strawberry.field
    async def third(self) -> Inner | None:
        return Inner()


SCHEMA = strawberry.Schema(Query, execution_context_class=PlainFieldExecutor)


@pytest.mark.parametrize("order", tuple(permutations(["first", "kept", "other"])))
async def test_errors_come_in_the_order_of_the_fields(order: tuple[str, ...]) -> None:
    turns = [{"other": "kept"}.get(name, name) for name in order]
    query = """query { third { plain kept } ...Rest }
    fragment Rest on Query { first again: third { kept } }"""
    result = await SCHEMA.execute(query, context_value=Turns(tuple(turns)))
    assert result.errors is not None
    assert [error.path for error in result.errors] == [
        ["third", "kept"],
        ["first"],
        ["again", "kept"],
    ]


async def test_below_a_field_that_became_null_the_document_counts() -> None:
    query = "{ third { needed kept } first }"
    for order in (("first", "kept", "needed"), ("kept", "first", "needed")):
        result = await SCHEMA.execute(query, context_value=Turns(order))
        assert result.data == {"third": None, "first": None}
        assert result.errors is not None
        assert [error.path for error in result.errors] == [
            ["third", "needed"],
            ["third", "kept"],
            ["first"],
        ]


async def test_errors_of_a_lists_entries_come_in_its_order() -> None:
    query = "{ second { kept } first }"
    result = await SCHEMA.execute(query, context_value=Turns(("kept", "first", "kept")))
    assert result.errors is not None
    assert [error.path for error in result.errors] == [
        ["second", 0, "kept"],
        ["second", 1, "kept"],
        ["first"],
    ]
