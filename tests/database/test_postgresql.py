"""Connections to PostgreSQL, and to what does not answer in its place."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url

from gql_server.database.engine.engine import Database
from gql_server.database.engine.errors import DatabaseUnavailable
from gql_server.database.engine.postgresql import connection_options
from tests.support.in_loop import listening
from tests.support.postgres import PostgresServer
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio


async def test_a_database_that_takes_connections_and_is_silent_is_not_waited_for() -> None:
    with listening() as (listener, port):
        listener.listen()  # and nobody accepts
        url = make_url(f"postgresql+psycopg://a@127.0.0.1:{port}/b?connect_timeout=2")
        database = Database(url)
        async with asyncio.timeout(WAIT_SECONDS):
            with pytest.raises(DatabaseUnavailable):
                async with database.read():
                    pytest.fail("a connection to nobody")
        await database.close()


def test_networks_are_bounded_unless_the_address_says_how() -> None:
    def options(**query: str) -> dict[str, object]:
        url = URL.create("postgresql+psycopg", host="db", query=query)
        return connection_options(url, statement_milliseconds=1, idle_milliseconds=2)

    usual = options()
    assert usual["connect_timeout"] == 10
    assert usual["tcp_user_timeout"] == 25_000
    assert usual["keepalives_idle"] == 10
    assert {"keepalives_idle", "connect_timeout"}.isdisjoint(
        options(keepalives_idle="60", connect_timeout="3")
    )


async def test_the_servers_bounds_are_set_beside_those_of_the_address(
    postgres: PostgresServer,
) -> None:
    url = postgres.url("postgres").update_query_dict({"options": "-c work_mem=8MB"})
    database = Database(url)
    try:
        async with database.read() as connection:
            for name, value in (("work_mem", "8MB"), ("statement_timeout", "1min")):
                assert (await connection.execute(text(f"SHOW {name}"))).scalar_one() == value
    finally:
        await database.close()
