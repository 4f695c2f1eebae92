"""What tests may ask for, and what is set up for all of them.

It is loaded by processes that run tests. One that only distributes them does without: this imports
the server.
"""

import asyncio
import logging
import os
import ssl
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import hypothesis
import pytest
import structlog
from sqlalchemy.engine import URL, Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from gql_server.database.engine.engine import Database
from gql_server.database.engine.migration import migrate
from gql_server.jobs.engine_database import migrate_engine
from gql_server.settings import Settings
from gql_server.settings.secret_files import secret_names
from gql_server.tls import trusted_authorities
from tests.support.leftovers import guarded
from tests.support.plain_previews import draw_squares
from tests.support.postgres import PostgresServer, running_postgres
from tests.support.receiver import Receiver, running_receiver
from tests.support.running_app import RunningApp, running_app, workers_ai_settings
from tests.support.s3 import ACCESS_KEY_ID, SECRET_ACCESS_KEY, S3Server, running_s3
from tests.support.sqlite import make_sqlite
from tests.support.warm_processes import warm_processes
from tests.support.workers_ai import running_workers_ai
from tests.support.workers_ai_app import FakeWorkersAI

# A shared machine is slow at times. Where CI decides about a change, it draws the same examples
# for all; a developer's runs go on looking for others.
hypothesis.settings.register_profile(
    "tests", deadline=None, derandomize=bool(os.environ.get("CI")), max_examples=50
)
hypothesis.settings.load_profile("tests")

SETTINGS = {name.upper() for name in (*Settings.model_fields, *secret_names(Settings.model_fields))}


@pytest.fixture(scope="session", autouse=True)
def guard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """See that whatever the tests start ends with them."""
    tmp_path_factory.getbasetemp()  # chosen before: it stays, to be looked at after a failure
    with guarded(), warm_processes():
        yield


@pytest.fixture(scope="session", autouse=True)
def no_cached_loggers() -> Iterator[None]:
    """Keep loggers from the configuration of whichever test used them first: tests capture logs."""
    configure = structlog.configure

    def configure_without_cache(**options: Any) -> None:
        configure(**options | {"cache_logger_on_first_use": False})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structlog, "configure", configure_without_cache)
        yield


@pytest.fixture(scope="session", autouse=True)
def plain_tracebacks() -> Iterator[None]:
    """Have tracebacks in logs printed as Python prints them: structlog colours each for 100 ms."""
    renderer = structlog.get_config()["processors"][-1]
    assert isinstance(renderer, structlog.dev.ConsoleRenderer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(renderer, "exception_formatter", structlog.dev.plain_traceback)
        yield


@pytest.fixture(scope="session", autouse=True)
def impatient_servers() -> Iterator[None]:
    """Have uvicorn pause less in each stop: a thousand servers of these tests stop."""

    async def pause(seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))

    impatient = SimpleNamespace(**vars(asyncio) | {"sleep": pause})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("uvicorn.server.asyncio", impatient)
        yield


@pytest.fixture(scope="session", autouse=True)
def statements_compiled_once() -> Iterator[None]:
    """Have all engines share compiled statements: each test opens a database of its own."""
    compiled: LRUCache[Any, Any] = LRUCache(5_000)

    def like(dialect: DefaultDialect) -> tuple[Any, ...]:
        names = ("driver", "paramstyle", "server_version_info", "_json_serializer")
        return (type(dialect), *(getattr(dialect, name, None) for name in names))

    def equals(one: DefaultDialect, other: object) -> bool:
        return one is other or (isinstance(other, DefaultDialect) and like(one) == like(other))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DefaultDialect, "__eq__", equals)
        patch.setattr(DefaultDialect, "__hash__", lambda dialect: hash(type(dialect)))
        shared = property(lambda _engine: compiled, lambda _engine, _own: None)
        patch.setattr(Engine, "_compiled_cache", shared, raising=False)
        yield


@pytest.fixture(scope="session", autouse=True)
def authorities_read_once() -> Iterator[None]:
    """Have the tests' clients share one TLS context: each of their own takes 30 ms or more."""

    def shared(verify: Any = True, **others: Any) -> ssl.SSLContext:  # noqa: FBT002 - as httpx has it
        return trusted_authorities() if verify is True else create(verify, **others)

    create = httpx.create_ssl_context
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("httpx._transports.default.create_ssl_context", shared)
        yield


@pytest.fixture(scope="session", autouse=True)
def previews_without_scenes() -> Iterator[None]:
    """Have servers in these processes draw no scenes: most of a test's time went there."""
    with pytest.MonkeyPatch.context() as patch:
        draw_squares(patch)
        yield


@pytest.fixture(autouse=True)
def no_log_to_a_stream_that_is_closed() -> Iterator[None]:
    """Take off the handler of a command that ran in this process, into its test's own stream."""
    yield
    for handler in [*logging.root.handlers]:
        if type(handler) is logging.StreamHandler:
            logging.root.removeHandler(handler)


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's environment and .env out of the tests."""
    for name in SETTINGS.intersection(os.environ):
        monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with running_s3() as server:
        yield server


@pytest.fixture(scope="session")
def session_workers_ai() -> Iterator[FakeWorkersAI]:
    with running_workers_ai() as fake_workers_ai:
        yield fake_workers_ai


@pytest.fixture
def fake_workers_ai(session_workers_ai: FakeWorkersAI) -> Iterator[FakeWorkersAI]:
    session_workers_ai.reset()
    session_workers_ai.latency = 0.0
    yield session_workers_ai
    session_workers_ai.abort_calls()


@pytest.fixture(scope="session")
async def session_receiver() -> AsyncIterator[Receiver]:
    async with running_receiver() as receiver:
        yield receiver


@pytest.fixture
def receiver(session_receiver: Receiver) -> Receiver:
    """A receiver of webhooks that has received nothing yet."""
    session_receiver.reset()
    return session_receiver


@pytest.fixture(scope="session")
async def migrated_postgres(postgres: PostgresServer) -> str:
    """The name of a database to copy, so that no test waits for a migration."""
    name = postgres.create_database()
    await migrate_engine(postgres.url(name))
    database = Database(postgres.url(name))
    await migrate(database)
    await database.close()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
async def database(
    request: pytest.FixtureRequest, tmp_path: Path, migrated_postgres: str
) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        make_sqlite(tmp_path / "test.db")
        database = Database(URL.create("sqlite+aiosqlite", database=str(tmp_path / "test.db")))
    else:
        server: PostgresServer = request.getfixturevalue("postgres")
        database = Database(server.url(server.create_database(migrated_postgres)))
    yield database
    await database.close()


@pytest.fixture
async def production(
    tmp_path: Path,
    fake_workers_ai: FakeWorkersAI,
    s3: S3Server,
    postgres: PostgresServer,
    migrated_postgres: str,
) -> AsyncIterator[RunningApp]:
    """PostgreSQL, R2, and Workers AI."""
    settings = workers_ai_settings(fake_workers_ai) | {
        "database_url": postgres.setting(postgres.create_database(migrated_postgres)),
        "r2_bucket": s3.make_bucket(),
        "r2_access_key_id": ACCESS_KEY_ID,
        "r2_secret_access_key": SECRET_ACCESS_KEY,
        "r2_endpoint_url": s3.endpoint_url,
    }
    async with running_app(tmp_path, settings) as running:
        yield running


@pytest.fixture
async def app(tmp_path: Path) -> AsyncIterator[RunningApp]:
    """A server without any settings."""
    async with running_app(tmp_path) as running:
        yield running


@pytest.fixture
async def app_with_keys(tmp_path: Path) -> AsyncIterator[RunningApp]:
    """A server that asks for API keys; its own client shows none."""
    async with running_app(tmp_path, {"auth": "keys"}) as running:
        yield running
