from collections.abc import Mapping
from datetime import timedelta

import pytest

from gql_server.access.authentication import Authentication, bearer_token
from gql_server.access.keys import KeyDraft, create_key, get_keys, revoke_key
from gql_server.database.engine.engine import Database
from gql_server.database.queries.api_keys import count_api_keys, set_last_used_at
from gql_server.database.queries.budgets import every_budget
from gql_server.database.records.api_keys import ApiKeyRecord
from gql_server.domain.budgets import BudgetPeriod
from gql_server.domain.clock import now
from gql_server.domain.errors import ApiKeyNotFound, Rejected, Unauthenticated
from gql_server.domain.ids import new_id
from gql_server.domain.principal import EVERYONE, Principal, Role
from gql_server.ledger.budgets.budgets import BudgetRequest
from tests.database.rows import counted_statements

pytestmark = pytest.mark.anyio


async def test_a_key_stands_for_its_user_and_role(database: Database) -> None:
    created = await create_key(database, KeyDraft(user_id="ann", role=Role.READER))
    found = await Authentication(database, is_required=True).authenticate(created.secret)
    assert found == Principal("ann", key_id=created.key.id, role=Role.READER)


async def test_a_request_costs_one_statement(database: Database) -> None:
    created = await create_key(database, KeyDraft(user_id="ann", role=Role.READER))
    authentication = Authentication(database, is_required=True)
    with counted_statements(database) as statements:
        await authentication.authenticate(created.secret)
    assert len(statements) == 1


async def test_the_secret_is_nowhere_in_the_database(database: Database) -> None:
    created = await create_key(database, KeyDraft(user_id="ann", role=Role.READER))
    async with database.read() as connection:
        row = (await connection.exec_driver_sql("SELECT * FROM api_keys")).one()
    unguessable = created.secret.rpartition("_")[2]
    assert unguessable not in str(row)
    assert "secret_hash" not in created.key._fields


async def test_a_revoked_key_is_good_nowhere_from_that_moment_on(database: Database) -> None:
    created = await create_key(database, KeyDraft(user_id="ann", role=Role.READER))
    processes = [Authentication(database, is_required=True) for _ in range(2)]
    for process in processes:
        await process.authenticate(created.secret)
    revoked = await revoke_key(database, created.key.id)
    for process in processes:
        with pytest.raises(Unauthenticated, match="revoked"):
            await process.authenticate(created.secret)
    again = await revoke_key(database, created.key.id)
    assert again.revoked_at == revoked.revoked_at


async def test_a_key_is_good_until_it_expires(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    expiry = now() + timedelta(hours=1)
    draft = KeyDraft(user_id="ann", role=Role.READER, expires_at=expiry)
    created = await create_key(database, draft)
    authentication = Authentication(database, is_required=True)
    await authentication.authenticate(created.secret)
    monkeypatch.setattr("gql_server.access.authentication.now", lambda: expiry)
    with pytest.raises(Unauthenticated, match="expired"):
        await authentication.authenticate(created.secret)


async def test_a_right_prefix_alone_opens_nothing_and_reveals_nothing(database: Database) -> None:
    created = await create_key(database, KeyDraft(user_id="ann", role=Role.READER))
    await revoke_key(database, created.key.id)
    authentication = Authentication(database, is_required=True)
    messages = set()
    for token in (
        f"{created.key.prefix}_{'a' * 43}",
        f"gqls_{'0' * 12}_{'a' * 43}",
    ):
        with pytest.raises(Unauthenticated) as refusal:
            await authentication.authenticate(token)
        messages.add(refusal.value.message)
    assert messages == {"Invalid API key. Check that you copied all of it."}


@pytest.mark.parametrize("token", [None, "", "secret", "gqls_x", "gqls_ü" * 20, "\x00", "a" * 9000])
async def test_what_is_no_key_is_refused_without_a_look_at_the_database(
    database: Database, token: str | None
) -> None:
    with counted_statements(database) as statements, pytest.raises(Unauthenticated) as refusal:
        await Authentication(database, is_required=True).authenticate(token)
    assert statements == []
    assert not token or token not in refusal.value.message


async def test_a_server_without_authentication_takes_everyone_for_one_admin(
    database: Database,
) -> None:
    authentication = Authentication(database, is_required=False)
    for token in (None, "whatever"):
        assert await authentication.authenticate(token) == EVERYONE
    assert (EVERYONE.user_id, EVERYONE.role) == ("default_user", Role.ADMIN)


async def test_a_websocket_sends_its_key_when_it_opens(database: Database) -> None:
    created = await create_key(database, KeyDraft(user_id="ann", role=Role.CREATOR))
    authentication = Authentication(database, is_required=True)
    for name in ("authorization", "Authorization"):
        found = await authentication.authenticate_connection({name: f"Bearer {created.secret}"})
        assert found.user_id == "ann"
    payloads: list[object] = [None, [], {}, {"authorization": 3}]
    for payload in [*payloads, {"authorization": created.secret}]:
        with pytest.raises(Unauthenticated):
            await authentication.authenticate_connection(payload)


async def test_use_is_written_down_beside_the_requests_and_never_set_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = [await create_key(database, KeyDraft(user_id="ann", role=Role.READER)) for _ in range(2)]
    moment = now()
    monkeypatch.setattr("gql_server.access.authentication.now", lambda: moment)
    authentication = Authentication(database, is_required=True)
    ids = [key.key.id for key in keys]
    async with authentication.recording(seconds=3600):
        for key in keys:
            await authentication.authenticate(key.secret)
        assert [key.last_used_at for key in (await _found(database, ids)).values()] == [
            None,
            None,
        ]
    assert {key.last_used_at for key in (await _found(database, ids)).values()} == {moment}
    async with database.write() as connection:
        await set_last_used_at(connection, {ids[0]: moment - timedelta(minutes=1)})
    assert (await _found(database, ids))[ids[0]].last_used_at == moment
    with counted_statements(database) as statements:
        await authentication.record_use()
    assert statements == []


async def _found(database: Database, ids: list[str]) -> Mapping[str, ApiKeyRecord]:
    return await get_keys(database, EVERYONE, ids)


async def test_a_draft_gets_all_its_errors_at_once(database: Database) -> None:
    draft = KeyDraft(user_id="a\nb ", role=Role.READER, name="x" * 101, expires_at=now())
    with pytest.raises(Rejected) as rejected:
        await create_key(database, draft)
    assert [error.path for error in rejected.value.errors] == [
        ("user_id",),
        ("name",),
        ("expires_at",),
    ]


async def test_a_key_that_is_not_there_cannot_be_revoked(database: Database) -> None:
    for key_id in (new_id("key"), "key_", "img_1"):
        with pytest.raises(ApiKeyNotFound):
            await revoke_key(database, key_id)


@pytest.mark.parametrize(
    ("header", "token"),
    [
        ("Bearer abc", "abc"),
        ("bearer  abc ", "abc"),
        ("Bearer", None),
        ("Bearer ", None),
        ("Basic abc", None),
        ("", None),
        (None, None),
    ],
)
def test_a_bearer_token_is_read_whatever_the_case_of_its_scheme(
    header: str | None, token: str | None
) -> None:
    assert bearer_token(header) == token


async def test_a_key_and_its_budget_are_made_together_or_not_at_all(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    budget = BudgetRequest(limit=2.5, period=BudgetPeriod.DAILY)
    draft = KeyDraft(user_id="ann", role=Role.CREATOR, budget=budget)
    created = await create_key(database, draft)
    async with database.read() as connection:
        (found,) = await every_budget(connection)
    assert (found.id, found.scope, found.subject_id) == (
        created.budget_id,
        "key",
        created.key.id,
    )
    assert (found.amount, found.period, found.is_hard) == (2_500_000_000, "daily", True)

    async def fail(*_: object) -> None:
        raise RuntimeError("in between")

    monkeypatch.setattr("gql_server.access.keys.write_budget", fail)
    with pytest.raises(RuntimeError, match="in between"):
        await create_key(database, draft)
    async with database.read() as connection:
        assert await count_api_keys(connection, user_id=None) == 1
