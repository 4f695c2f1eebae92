"""``gql-server worker``: none of the APIs is imported."""

import asyncio

from gql_server.bootstrap.metrics_server import check_metrics_port
from gql_server.bootstrap.resources import check_start
from gql_server.bootstrap.services import Wiring
from gql_server.bootstrap.worker import work
from gql_server.cli.start import check_workers_can_be_apart, read_settings, show_database


def worker() -> None:
    """Run background jobs only.

    For servers started with --no-worker. Any number of workers may run, on any machines. Requires
    PostgreSQL; with SQLite the server runs the jobs itself.
    """
    settings = read_settings()
    check_workers_can_be_apart(settings)
    show_database(settings)
    wiring = Wiring(settings)
    asyncio.run(check_start(settings))
    check_metrics_port(settings)
    asyncio.run(work(wiring, settings))
