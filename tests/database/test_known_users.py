from collections.abc import Awaitable, Callable

import pytest

from gql_server.access.keys import KeyDraft, create_key
from gql_server.database.engine.engine import Database
from gql_server.database.queries.known_users import is_known_key, is_known_user
from gql_server.domain.principal import Role
from tests.database.rows import add_image, add_template

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("add", [add_image, add_template])
async def test_who_has_something_is_known(
    database: Database, add: Callable[..., Awaitable[object]]
) -> None:
    await add(database, user_id="bob")
    async with database.read() as connection:
        assert await is_known_user(connection, "bob")
        assert not await is_known_user(connection, "bo")
        assert not await is_known_key(connection, "bob")


async def test_who_has_a_key_is_known(database: Database) -> None:
    created = await create_key(database, KeyDraft(user_id="eve", role=Role.READER))
    async with database.read() as connection:
        assert await is_known_user(connection, "eve")
        assert await is_known_key(connection, created.key.id)
