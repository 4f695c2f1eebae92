"""Ten million images beside ten thousand of the same spread, on both databases."""

import asyncio
import shutil
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks.client import Connection, graphql_data, graphql_request
from benchmarks.dataset import DATABASE_NAME
from benchmarks.ledger import (
    FREQUENT_TAG,
    MODELS,
    RARE_TAG,
    USERS,
    YEAR,
    fill_postgres,
    fill_sqlite,
    middle,
    template_id,
)
from benchmarks.processes import ServerProcess, run_to_end, server_process
from benchmarks.report import Growth
from tests.support.postgres import PostgresServer, running_postgres

_BASELINE_IMAGES: Final = 10_000
_WARMING: Final = 3
_BYTES_AN_IMAGE: Final = 2_500
_ANALYTICS: Final = """
query Year($since: DateTime!, $until: DateTime!, $filter: CostFilter) {
  costAnalytics(since: $since, until: $until, filter: $filter) {
    totalCost totalImages averageCost providerCost neurons
    byModel { model { id name } totalCost totalImages }
    byTemplate { templateId totalCost totalImages }
    byUser { userId totalCost totalImages }
    timeline(interval: DAY) { startsAt endsAt totalCost totalImages }
  }
}
"""
_PAGE: Final = """
query Page($first: Int!, $after: String, $filter: ImageFilter) {
  images(first: $first, after: $after, filter: $filter) {
    edges { cursor node { id prompt url width height cost createdAt tags model { id name } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
_PAGE_SIZE: Final = 50


@dataclass(frozen=True, slots=True)
class _Question:
    """What both sizes are asked.

    Attributes:
        name: What the report calls it.
        request: Writes the request for a number of images.
        check: Tells whether the answer is whole, for a number of images.
    """

    name: str
    request: Callable[[int], bytes]
    check: Callable[[Mapping[str, Any], int], bool]


def measure_growth(
    folder: Path, *, images: int, requests: int
) -> Iterator[tuple[str, Sequence[Growth]]]:
    """Ask servers of both sizes the same, turn by turn; yield by database.

    Args:
        folder: For databases and logs.
        images: How many the larger one has.
        requests: How many each answers of each kind.

    Raises:
        RuntimeError: An answer is not whole, or the disk is too full.
    """
    needed = images * _BYTES_AN_IMAGE
    if shutil.disk_usage(folder).free < needed:
        raise RuntimeError(f"{images:,} images need {needed / 1e9:.0f} GB on the disk of {folder}")
    with ExitStack() as stack:
        addresses = [_filled_sqlite(folder, count) for count in (_BASELINE_IMAGES, images)]
        yield "SQLite", _measure(folder, addresses, images, requests)
        (folder / f"{images}" / DATABASE_NAME).unlink()
        server = stack.enter_context(running_postgres())
        _make_careless(server)
        addresses = [_filled_postgres(folder, server, n) for n in (_BASELINE_IMAGES, images)]
        yield "PostgreSQL", _measure(folder, addresses, images, requests)


def _measure(
    folder: Path, addresses: Sequence[str], images: int, requests: int
) -> Sequence[Growth]:
    with ExitStack() as stack:
        servers = [
            stack.enter_context(_product(folder, address, count))
            for address, count in zip(addresses, (_BASELINE_IMAGES, images), strict=True)
        ]
        return asyncio.run(_ask(servers, (_BASELINE_IMAGES, images), requests))


@contextmanager
def _product(folder: Path, address: str, images: int) -> Iterator[ServerProcess]:
    environment = {"DATA_DIR": str(folder / f"{images}"), "DATABASE_URL": address}
    arguments = ["gql_server", "serve", "--port", "{port}"]
    with server_process(arguments, folder / f"{images}.log", environment) as server:
        yield server


def _filled_sqlite(folder: Path, images: int) -> str:
    own = folder / f"{images}"
    own.mkdir()
    address = f"sqlite:///{own / DATABASE_NAME}"
    run_to_end(["gql_server", "migrate"], folder, {"DATABASE_URL": address})
    fill_sqlite(own / DATABASE_NAME, images)
    return address


def _filled_postgres(folder: Path, server: PostgresServer, images: int) -> str:
    address = server.setting(server.create_database())
    run_to_end(["gql_server", "migrate"], folder, {"DATABASE_URL": address})
    fill_postgres(address, images)
    return address


def _make_careless(server: PostgresServer) -> None:
    """Spare a database that is thrown away the waiting for the disk."""
    with psycopg.connect(server.setting("postgres"), autocommit=True) as connection:
        for setting in ("fsync = off", "full_page_writes = off", "max_wal_size = '2GB'"):
            connection.execute(f"ALTER SYSTEM SET {setting}".encode())
        connection.execute("SELECT pg_reload_conf()")


async def _ask(
    servers: Sequence[ServerProcess], sizes: Sequence[int], requests: int
) -> Sequence[Growth]:
    connections = [await Connection.to(server.port) for server in servers]
    try:
        return [await _grow(question, connections, sizes, requests) for question in _questions()]
    finally:
        for connection in connections:
            connection.close()


async def _grow(
    question: _Question, connections: Sequence[Connection], sizes: Sequence[int], requests: int
) -> Growth:
    messages = [question.request(size) for size in sizes]
    for connection, request, size in zip(connections, messages, sizes, strict=True):
        for _ in range(_WARMING):
            data = graphql_data(await connection.post(request))
        if not question.check(data, size):
            raise RuntimeError(f"{question.name} of {size} images: {str(data)[:500]}")
    latencies: list[list[float]] = [[] for _ in sizes]
    for _ in range(requests):
        for number, (connection, request) in enumerate(zip(connections, messages, strict=True)):
            started = time.perf_counter()
            await connection.post(request)
            latencies[number].append(time.perf_counter() - started)
    small, large = (statistics.median(one) * 1000 for one in latencies)
    return Growth(name=question.name, small=small, large=large)


def _questions() -> Sequence[_Question]:
    year = (YEAR, YEAR + timedelta(days=365))
    cut = (YEAR + timedelta(days=9, hours=3, minutes=15), YEAR + timedelta(days=354, hours=17.5))
    return (
        _Question("a year by day", _report(*year), _is_whole_year),
        _Question("345 days, cut at both ends", _report(*cut), _is_part_of_year),
        _Question("newest page", _page(), _is_page),
        _Question("page from the middle", _page(is_deep=True), _is_page),
        _Question("page of a rare model", _page({"models": [MODELS[0]]}), _is_page),
        _Question("page of a rare template", _page({"templates": [template_id(0)]}), _is_page),
        _Question("page of a rare tag", _page({"tags": [RARE_TAG]}), _is_page),
        _Question("page of a frequent tag", _page({"tags": [FREQUENT_TAG]}), _is_page),
    )


def _report(since: datetime, until: datetime) -> Callable[[int], bytes]:
    span = {"since": since.isoformat(), "until": until.isoformat()}
    return lambda _: graphql_request(_ANALYTICS, span)


def _page(
    where: Mapping[str, Any] | None = None, *, is_deep: bool = False
) -> Callable[[int], bytes]:
    def request(images: int) -> bytes:
        after = middle(images) if is_deep else None
        return graphql_request(_PAGE, {"first": _PAGE_SIZE, "after": after, "filter": where})

    return request


def _is_whole_year(data: Mapping[str, Any], images: int) -> bool:
    report = data["costAnalytics"]
    parts = (report[name] for name in ("byModel", "byTemplate", "byUser", "timeline"))
    return (
        all(sum(part["totalImages"] for part in found) == images for found in parts)
        and len(report["byUser"]) == USERS
        and len(report["timeline"]) == 365  # noqa: PLR2004 - the days of the year
    )


def _is_part_of_year(data: Mapping[str, Any], images: int) -> bool:
    report = data["costAnalytics"]
    by_user = sum(user["totalImages"] for user in report["byUser"])
    by_day = sum(period["totalImages"] for period in report["timeline"])
    return bool(0.9 * images < report["totalImages"] == by_user == by_day < images)


def _is_page(data: Mapping[str, Any], _images: int) -> bool:
    return len(data["images"]["edges"]) == _PAGE_SIZE and data["images"]["pageInfo"]["hasNextPage"]
