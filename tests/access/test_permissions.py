"""Each role, each field, what is one's own and what is another's: through HTTP."""

import asyncio
import json
from typing import Any

import pytest
import strawberry
from sqlalchemy import text

from gql_server.access.permissions import Visibility
from gql_server.api.permissions import PERMISSIONS, guarded
from gql_server.domain.principal import Principal, Role
from tests.access.access_probes import (
    MISSING,
    PROBES,
    AccessProbe,
    OwnedObjects,
    anonymous,
    make_objects,
)
from tests.support.clients import client_of
from tests.support.running_app import RunningApp, png
from tests.support.sdl import SCHEMA
from tests.support.subscriber import subscriber

pytestmark = pytest.mark.anyio

FIELDS = {
    f"{root.name}.{field}"
    for root in (
        SCHEMA.query_type,
        SCHEMA.mutation_type,
        SCHEMA.subscription_type,
    )
    if root is not None
    for field in root.fields
}


def test_every_field_is_decided_and_attempted() -> None:
    decided = {f"{root}.{field}" for root, found in PERMISSIONS.items() for field in found}
    assert decided == FIELDS
    assert set(PROBES) == FIELDS


def test_a_schema_with_an_undecided_field_is_not_built() -> None:
    @strawberry.type(name="Mutation")
    class OneMore:
        @strawberry.field
        def spend_everything(self) -> bool:
            return True

    with pytest.raises(LookupError, match=r"Mutation\.spendEverything has no permission"):
        guarded(OneMore)


def test_roles_include_those_below() -> None:
    allowed = {role: {other for other in Role if role.includes(other)} for role in Role}
    assert allowed == {
        Role.READER: {Role.READER},
        Role.CREATOR: {Role.READER, Role.CREATOR},
        Role.ADMIN: set(Role),
    }


def test_only_an_admin_looks_at_others() -> None:
    for role, whose in ((Role.READER, "ann"), (Role.CREATOR, "ann"), (Role.ADMIN, None)):
        ann = Principal("ann", role=role)
        assert ann.owner_filter() == whose
        assert ann.owner_filter("ann") == "ann"
        assert ann.owner_filter("bob") == ("bob" if role is Role.ADMIN else "")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("whose", ["own", "another's"])
async def test_the_table_is_what_happens(app_with_keys: RunningApp, role: Role, whose: str) -> None:
    wrong: list[str] = []
    owner = "ann" if whose == "own" else "bob"
    owned = await make_objects(app_with_keys.services, owner)
    async with client_of(app_with_keys, "ann", role) as ann:
        for name, probes in PROBES.items():
            for number, probe in enumerate(probes):
                before = await rows_of(app_with_keys, owned)
                answer = await ask(ann, name, probe, owned)
                happened = outcome(name, probe, owned, answer)
                expected = expectation(name, role, whose)
                if happened != expected:
                    wrong.append(f"{name} {number}: {happened}, not {expected}: {answer}")
                after = await rows_of(app_with_keys, owned)
                if happened != "found" and before != after:
                    wrong.append(f"{name} {number} changed something: {before} to {after}")
                if {row.get("user_id", row.get("subject_id")) for row in after} != {owner}:
                    wrong.append(f"{name} {number} changed an owner: {after}")
                if before != after:
                    owned = await make_objects(app_with_keys.services, owner)
                if happened == "hidden":
                    unknown = await ask(ann, name, probe, MISSING)
                    if as_text(answer, owned) != as_text(unknown, MISSING):
                        wrong.append(f"{name} {number}: {answer} is not {unknown}")
    assert wrong == []


def expectation(name: str, role: Role, whose: str) -> str:
    root, _, field = name.partition(".")
    permission = PERMISSIONS[root][field]
    if not role.includes(permission.role):
        return "forbidden"
    is_seen = whose == "own" or role is Role.ADMIN or permission.others is not Visibility.HIDDEN
    return "found" if is_seen else "hidden"


async def ask(
    client_of: RunningApp, name: str, probe: AccessProbe, owned: OwnedObjects
) -> dict[str, Any]:
    field = name.partition(".")[2]
    operation = {
        "query": probe.query.replace("FIELD", field),
        "variables": probe.variables(owned),
    }
    if name.startswith("Subscription."):
        return await watch(client_of, field, operation)
    if probe.uploads:
        response = await client_of.client.post(
            "/graphql",
            data={"operations": json.dumps(operation), "map": '{"0": ["variables.file"]}'},
            files={"0": ("a.png", png(8, 8))},
        )
    else:
        response = await client_of.client.post("/graphql", json=operation)
    answer: dict[str, Any] = response.json()
    return answer


async def watch(client_of: RunningApp, field: str, operation: dict[str, Any]) -> dict[str, Any]:
    """Answer as for a query: with something where it is watched, with null where it cannot be."""
    progress = client_of.services.progress
    while progress.watchers:  # of the attempt before
        await asyncio.sleep(0.005)
    key = {"Authorization": client_of.client.headers["Authorization"]}
    async with subscriber(client_of.settings.server_url, additional_headers=key) as client:
        await client.send(type="subscribe", id="1", payload=operation)
        received = asyncio.create_task(client.receive())
        while not received.done() and not progress.watchers:
            await asyncio.sleep(0.005)
        if not received.done():
            received.cancel()
            return {"data": {field: "watched"}}
    if received.result()["type"] == "next":
        return {"data": {field: "watched"}}
    errors = received.result()["payload"]
    if errors[0]["extensions"]["code"] == "FORBIDDEN":
        return {"errors": errors, "data": None}
    return {"data": {field: None}, "refusal": errors[0]["message"]}


def outcome(name: str, probe: AccessProbe, owned: OwnedObjects, answer: dict[str, Any]) -> str:
    field = name.partition(".")[2]
    if "errors" in answer:
        codes = {error["extensions"]["code"] for error in answer["errors"]}
        is_empty = answer["data"] is None or answer["data"][field] is None
        return "forbidden" if codes == {"FORBIDDEN"} and is_empty else f"errors {codes}"
    return "found" if probe.is_found(answer["data"][field], owned) else "hidden"


def as_text(answer: dict[str, Any], owned: OwnedObjects) -> str:
    # What is left of an allowance goes down with each operation.
    answered = {name: value for name, value in answer.items() if name != "extensions"}
    return anonymous(json.dumps(answered, sort_keys=True), owned)


async def rows_of(app: RunningApp, owned: OwnedObjects) -> list[dict[str, Any]]:
    tables = {
        "images": (owned.image_id, owned.deleted_id),
        "templates": (owned.template_id,),
        "source_images": (owned.source_id,),
        "api_keys": (owned.key_id,),
        "budgets": (owned.budget_id,),
        "webhooks": (owned.webhook_id,),
    }
    found: list[dict[str, Any]] = []
    async with app.services.database.read() as connection:
        for table, ids in tables.items():
            for one in ids:
                statement = text(f"SELECT * FROM {table} WHERE id = :id")
                rows = (await connection.execute(statement, {"id": one})).mappings()
                found.extend(dict(row) for row in rows)
    return found
