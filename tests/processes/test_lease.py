import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from gql_server.database.engine.engine import Database
from gql_server.database.queries.processes import (
    declare_dead,
    find_registered,
    read_beats,
    register_process,
    remove_process,
)
from gql_server.processes.lease import ProcessLease, _Observations
from tests.support.clock import step_clock
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

FIRST, SECOND = datetime(2026, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)


async def registered(database: Database, *process_ids: str) -> frozenset[str]:
    async with database.read() as connection:
        return await find_registered(connection, process_ids)


async def test_a_process_that_was_declared_dead_continues_under_a_new_id(
    database: Database,
) -> None:
    lease = ProcessLease(database, seconds=1.0)
    assert not lease.is_held_by(lease.process_id)
    async with lease.held():
        before = lease.process_id
        assert lease.is_held_by(before)
        async with database.write() as connection:
            await remove_process(connection, before)
        async with asyncio.timeout(WAIT_SECONDS):
            while lease.process_id == before:
                await asyncio.sleep(0.01)
        assert not lease.is_held_by(before)
        assert await registered(database, before, lease.process_id) == {lease.process_id}
    assert not await registered(database, before, lease.process_id)


@pytest.mark.parametrize("step", [timedelta(days=365), timedelta(hours=-1)])
async def test_a_step_of_the_clock_declares_only_the_dead_dead(
    database: Database, step: timedelta
) -> None:
    async with database.write() as connection:
        await register_process(connection, "prc_dead")
    lease, other = ProcessLease(database, seconds=2), ProcessLease(database, seconds=2)
    async with lease.held(), other.held():
        await step_clock(database, step)
        async with asyncio.timeout(WAIT_SECONDS):
            while await registered(database, "prc_dead"):
                await asyncio.sleep(0.05)
        alive = {lease.process_id, other.process_id}
        assert await registered(database, *alive) == alive


async def test_who_beats_at_the_last_moment_is_not_declared_dead(database: Database) -> None:
    async with database.write() as connection:
        await register_process(connection, "prc_a")
        beats = await read_beats(connection)
        late = {"prc_a": beats["prc_a"] - timedelta(seconds=1)}
        assert await declare_dead(connection, late) == []
        assert await declare_dead(connection, beats) == ["prc_a"]


def test_silence_is_timed_by_the_process_that_listens() -> None:
    seen = _Observations(12)

    def silent(moment: float, beat: datetime) -> set[str]:
        return set(seen.silent({"prc_a": beat}, requested_at=moment, answered_at=moment))

    assert not silent(0, FIRST)
    assert not silent(6, FIRST)
    assert not silent(11.9, FIRST)
    assert silent(12, FIRST) == {"prc_a"}
    # A clock that stepped back is a beat like any other.
    assert not silent(13, SECOND)
    assert not silent(19, SECOND)
    # Who listened to nobody for a while does not know who was silent.
    assert not silent(26, SECOND)
    assert not silent(32, SECOND)
    assert silent(38, SECOND) == {"prc_a"}


def test_who_hung_while_it_listened_does_not_know_who_was_silent() -> None:
    seen = _Observations(12)
    beats = {"prc_a": FIRST}
    assert not seen.silent(beats, requested_at=0, answered_at=0)
    assert not seen.silent(beats, requested_at=1.5, answered_at=15)
    assert not seen.silent(beats, requested_at=15.2, answered_at=15.2)
