"""Sockets and streams of callers who would not be let in any longer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import structlog

from gql_server.access.authentication import Authentication
from gql_server.access.keys import KeyDraft, create_key, revoke_key
from gql_server.access.live_sessions import LiveSessions, ServerStopping, SessionEnd
from gql_server.database.engine.engine import Database
from gql_server.database.queries.api_keys import set_revoked_at
from gql_server.domain.clock import now
from gql_server.domain.errors import Unauthenticated
from gql_server.domain.principal import EVERYONE, Principal, Role
from gql_server.progress.progress import Progress
from tests.support.oidc import AUDIENCE, running_provider
from tests.support.postgres import PostgresServer
from tests.support.process import run_gql_server
from tests.support.running_app import RunningApp, running_app
from tests.support.streams import EVENTS, PARTS, Stream, streamed
from tests.support.subscriber import Subscriber, open_socket
from tests.support.waiting import WAIT_SECONDS

pytestmark = pytest.mark.anyio

CREATED = "subscription { imageCreated { id } }"
REVOKED = "This API key has been revoked."
RARELY = 10 * WAIT_SECONDS


@asynccontextmanager
async def watching(app: RunningApp, secret: str) -> AsyncIterator["Watching"]:
    """Watch over a socket, as events and in parts, with one key or token."""
    url, headers = app.settings.server_url, {"authorization": f"Bearer {secret}"}
    before = app.services.progress.watchers
    async with (
        open_socket(url) as socket,
        streamed(url, EVENTS, CREATED, headers=headers) as events,
        streamed(url, PARTS, CREATED, headers=headers) as parts,
    ):
        await socket.send(type="connection_init", payload=headers)
        assert await socket.receive() == {"type": "connection_ack"}
        await socket.subscribe(CREATED)
        async with asyncio.timeout(WAIT_SECONDS):
            while app.services.progress.watchers < before + 3:
                await asyncio.sleep(0.005)
        yield Watching(socket, events, parts)


class Watching:
    def __init__(self, socket: Subscriber, events: Stream, parts: Stream) -> None:
        self.socket = socket
        self.events = events
        self.parts = parts

    async def ended(self, message: str) -> None:
        """Wait until all three have ended, and said why."""
        assert await self.socket.closed() == 4403
        assert self.socket.socket.close_reason == message
        error = {"message": message, "extensions": {"code": "UNAUTHENTICATED"}}
        assert await self.events.receive() == {"errors": [error]}
        assert await self.parts.receive() == {"payload": None, "errors": [error]}
        for stream in (self.events, self.parts):
            assert (await stream.receive(), stream.is_complete) == (None, True)

    async def goes_on(self) -> None:
        await self.socket.settled()


async def key(app: RunningApp, user_id: str = "ann", **draft: object) -> tuple[str, str]:
    """Make a key; return its id and its secret."""
    made = KeyDraft(user_id=user_id, role=Role.CREATOR, **draft)  # type: ignore[arg-type]  # expires_at alone
    created = await create_key(app.services.database, made)
    return created.key.id, created.secret


@pytest.fixture
def looked_at_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have sessions end by what is told, and not when all are looked at."""
    watched = vars(LiveSessions.watched)["__wrapped__"]
    monkeypatch.setitem(watched.__kwdefaults__, "seconds", RARELY)


@pytest.mark.usefixtures("looked_at_rarely")
async def test_a_revoked_key_keeps_no_socket_and_no_stream(app_with_keys: RunningApp) -> None:
    (revoked, secret), (_, another) = await key(app_with_keys), await key(app_with_keys)
    async with (
        watching(app_with_keys, secret) as watched,
        watching(app_with_keys, another) as other,
    ):
        await revoke_key(app_with_keys.services.database, revoked)
        await watched.ended(REVOKED)
        await other.goes_on()
        async with asyncio.timeout(WAIT_SECONDS):
            while app_with_keys.services.progress.watchers != 3:
                await asyncio.sleep(0.005)


@pytest.mark.usefixtures("looked_at_rarely")
async def test_it_keeps_none_in_any_other_process(
    tmp_path: Path, postgres: PostgresServer, migrated_postgres: str
) -> None:
    url = postgres.setting(postgres.create_database(migrated_postgres))
    settings = {"auth": "keys", "database_url": url}
    async with (
        running_app(tmp_path / "one", settings) as one,
        running_app(tmp_path / "another", settings) as another,
    ):
        revoked, secret = await key(one)
        async with watching(one, secret) as first, watching(another, secret) as second:
            command = ("keys", "revoke", revoked)
            await run_gql_server(*command, folder=tmp_path, settings={"DATABASE_URL": url})
            await first.ended(REVOKED)
            await second.ended(REVOKED)


async def test_what_expires_keeps_none_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running_provider() as provider:
        settings = {"auth": "keys", "oidc_issuer": provider.issuer, "oidc_audience": AUDIENCE}
        async with running_app(tmp_path, settings) as app:
            _, secret = await key(app, expires_at=now() + timedelta(minutes=30))
            token = provider.token()  # good for five minutes
            lasting = provider.token(exp=1e18)
            async with (
                watching(app, secret) as shown_a_key,
                watching(app, token) as shown_a_token,
                watching(app, lasting) as lasts,
            ):
                later = now() + timedelta(hours=1)
                monkeypatch.setattr("gql_server.access.authentication.now", lambda: later)
                another, _ = await key(app)
                await revoke_key(app.services.database, another)  # so that all are looked at
                await shown_a_key.ended("This API key has expired.")
                await shown_a_token.ended("This token has expired.")
                await lasts.goes_on()


async def test_a_socket_s_caller_is_looked_at_before_each_operation(
    app_with_keys: RunningApp,
) -> None:
    database = app_with_keys.services.database
    revoked, secret = await key(app_with_keys)
    payload = {"authorization": f"Bearer {secret}"}
    async with open_socket(app_with_keys.settings.server_url) as socket:
        await socket.send(type="connection_init", payload=payload)
        assert await socket.receive() == {"type": "connection_ack"}
        await socket.subscribe("{ viewer { userId } }", "first")
        assert (await socket.next("first"))["viewer"]["userId"] == "ann"
        assert await socket.receive() == {"id": "first", "type": "complete"}
        path = app_with_keys.settings.data_dir / "gql_server.db"
        await database.close()
        path.rename(path.with_suffix(".away"))
        path.mkdir()
        await socket.subscribe("{ viewer { userId } }", "unknown")
        answer = await socket.receive()
        assert (answer["type"], answer["id"]) == ("error", "unknown")
        assert answer["payload"][0]["extensions"]["code"] == "UNAVAILABLE"
        path.rmdir()
        path.with_suffix(".away").rename(path)
        async with database.write() as connection:
            await set_revoked_at(connection, revoked, now())  # and nobody is told
        await socket.subscribe("{ viewer { userId } }", "second")
        await socket.subscribe("{ viewer { userId } }", "third")
        assert await socket.closed() == 4403


class Ends:
    """The ends of sessions."""

    def __init__(self) -> None:
        self.reasons: list[SessionEnd] = []

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(WAIT_SECONDS):
            while not condition():
                await asyncio.sleep(0.005)


async def test_keys_are_checked_without_any_notification(database: Database) -> None:
    ends = Ends()
    authentication = Authentication(database, is_required=True)
    sessions = LiveSessions(authentication)
    principals = []
    for user_id in ("ann", "bob"):
        created = await create_key(database, KeyDraft(user_id=user_id, role=Role.READER))
        principals.append(await authentication.authenticate(created.secret))
    ann, bob = principals
    async with sessions.watched(Progress(), seconds=0.02):
        with (
            sessions.session(ann, ends.reasons.append),
            sessions.session(ann, ends.reasons.append),
            sessions.session(bob, ends.reasons.append),
            sessions.session(EVERYONE, ends.reasons.append),
        ):
            async with database.write() as connection:
                await set_revoked_at(connection, str(ann.key_id), now())
            await ends.until(lambda: len(ends.reasons) == 2)
            for reason in ends.reasons:
                assert isinstance(reason, Unauthenticated)
                assert reason.message == REVOKED
            sessions.stop()
            assert [type(reason) for reason in ends.reasons[2:]] == [ServerStopping] * 2
        with sessions.session(bob, ends.reasons.append):
            assert isinstance(ends.reasons.pop(), ServerStopping)


async def test_a_database_that_is_away_ends_no_session_that_has_not_expired(
    app_with_keys: RunningApp,
) -> None:
    ends = Ends()
    database = app_with_keys.services.database
    authentication = Authentication(database, is_required=True)
    sessions = LiveSessions(authentication)
    _, secret = await key(app_with_keys)
    principal = await authentication.authenticate(secret)
    expired = Principal("bob", expires_at=now() + timedelta(seconds=0.1))
    path = app_with_keys.settings.data_dir / "gql_server.db"
    await database.close()
    path.rename(path.with_suffix(".away"))
    path.mkdir()
    with (
        structlog.testing.capture_logs() as logged,
        sessions.session(principal, ends.reasons.append),
        sessions.session(expired, ends.reasons.append),
    ):
        # Looked at when one expires, and not some time after.
        async with sessions.watched(Progress(), seconds=RARELY):
            await ends.until(lambda: bool(ends.reasons) and bool(logged))
    path.rmdir()
    path.with_suffix(".away").rename(path)
    assert [str(reason) for reason in ends.reasons] == ["This token has expired."]
    assert {entry["event"] for entry in logged} == {"sessions_not_checked"}
