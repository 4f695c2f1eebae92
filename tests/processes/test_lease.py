import asyncio
from datetime import timedelta

import pytest

from gql_server.database.engine.engine import Database
from gql_server.database.queries.processes import declare_dead, find_registered
from gql_server.processes.lease import ProcessLease
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio


async def test_a_process_that_was_declared_dead_goes_on_under_a_new_id(database: Database) -> None:
    lease = ProcessLease(database, seconds=1.0)
    assert not lease.is_held_by(lease.process_id)
    async with lease.held():
        before = lease.process_id
        assert lease.is_held_by(before)
        async with database.write() as connection:
            await declare_dead(connection, lease=timedelta(0))
        async with asyncio.timeout(WAIT_SECONDS):
            while lease.process_id == before:
                await asyncio.sleep(0.01)
        assert not lease.is_held_by(before)
        assert lease.is_held_by(lease.process_id)
        both = {before, lease.process_id}
        async with database.read() as connection:
            assert await find_registered(connection, both) == {lease.process_id}
    async with database.read() as connection:
        assert not await find_registered(connection, both)


async def test_only_those_are_declared_dead_whose_lease_has_run_out(database: Database) -> None:
    lease = ProcessLease(database, seconds=60)
    async with lease.held():
        async with database.write() as connection:
            await declare_dead(connection, lease=lease.length)
        async with database.read() as connection:
            registered = await find_registered(connection, {lease.process_id})
    assert registered == {lease.process_id}
