"""How to reach the objects of a user by each root field of the schema."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from gql_server.access.permissions import Visibility
from gql_server.domain.principal import Role
from gql_server.rest.application import rest_application
from gql_server.rest.operation import Operation
from gql_server.rest.operations import OPERATIONS
from tests.access.access_probes import (
    IMG2IMG,
    INPAINTING,
    MISSING,
    OwnedObjects,
    anonymous,
    make_objects,
)
from tests.database.rows import add_image
from tests.rest.calls import ask, generate, send
from tests.support.clients import client_of
from tests.support.running_app import FLUX, SDXL, RunningApp, png, running_app

pytestmark = pytest.mark.anyio

_PROMPTS: Final = {"prompts": ["A red fox"]}
_SMALL: Final = {"prompt": "A red fox", "model": SDXL, "width": 256, "height": 256}


@dataclass(frozen=True)
class AccessProbe:
    """One way to reach the objects of a user."""

    body: Callable[[OwnedObjects], Mapping[str, Any]] | None = None
    id: Callable[[OwnedObjects], str] = lambda _: ""
    params: Callable[[OwnedObjects], Mapping[str, Any]] = lambda _: {}
    picture: bytes | None = None
    is_found: Callable[[Any, OwnedObjects], bool] = lambda _found, _things: True
    """Of an answer that is no refusal: whether it told anything of theirs."""


def listed(noun: str, kind: str) -> AccessProbe:
    return AccessProbe(
        params=lambda _: {"limit": 100},
        is_found=lambda found, owned: getattr(owned, kind) in {one["id"] for one in found[noun]},
    )


PROBES: Final[Mapping[str, list[AccessProbe]]] = {
    "generateImage": [
        AccessProbe(body=lambda owned: _SMALL | {"template_id": owned.template_id}),
        AccessProbe(
            body=lambda owned: {
                "prompt": "A red fox",
                "model": IMG2IMG,
                "width": 256,
                "height": 256,
                "source_image_ids": [owned.source_id],
            }
        ),
    ],
    "models": [AccessProbe(is_found=lambda found, _: len(found) > 0)],
    "templates": [listed("templates", "template_id")],
    "createTemplate": [AccessProbe(body=lambda _: {"name": "New", "model": FLUX})],
    "template": [AccessProbe(id=lambda owned: owned.template_id)],
    "updateTemplate": [
        AccessProbe(id=lambda owned: owned.template_id, body=lambda _: {"name": "Changed"})
    ],
    "deleteTemplate": [AccessProbe(id=lambda owned: owned.template_id)],
    "images": [
        listed("images", "image_id"),
        AccessProbe(
            params=lambda owned: {"template_id": owned.template_id},
            is_found=lambda found, _: found["total"] > 0,
        ),
        AccessProbe(
            params=lambda owned: {"batch_id": owned.batch_id},
            is_found=lambda found, _: found["total"] > 0,
        ),
    ],
    "image": [
        AccessProbe(id=lambda owned: owned.image_id),
        AccessProbe(id=lambda owned: owned.deleted_id),
    ],
    "deleteImage": [AccessProbe(id=lambda owned: owned.image_id)],
    "remakeImage": [AccessProbe(id=lambda owned: owned.image_id, body=lambda _: {})],
    "remakeImages": [AccessProbe(body=lambda owned: {"ids": [owned.image_id]})],
    "uploadSourceImage": [AccessProbe(picture=png(8, 8))],
    "sourceImages": [listed("source_images", "source_id")],
    "sourceImage": [AccessProbe(id=lambda owned: owned.source_id)],
    "deleteSourceImage": [AccessProbe(id=lambda owned: owned.source_id)],
    "costAnalytics": [AccessProbe(is_found=lambda found, _: found["total_images"] > 0)],
    "generateBatch": [
        AccessProbe(
            body=lambda owned: {
                "prompts": ["A red fox"],
                "model": FLUX,
                "template_id": owned.template_id,
            }
        ),
        AccessProbe(
            body=lambda owned: {
                "prompts": ["A red fox"],
                "model": IMG2IMG,
                "width": 256,
                "height": 256,
                "source_image_ids": [owned.source_id],
            }
        ),
    ],
    "batch": [AccessProbe(id=lambda owned: owned.batch_id)],
}


def test_every_operation_is_decided_and_attempted() -> None:
    served = {
        (method.upper(), path, operation["operationId"])
        for path, methods in rest_application().openapi()["paths"].items()
        for method, operation in methods.items()
    }
    assert served == {(one.method, one.path, one.id) for one in OPERATIONS}
    assert set(PROBES) == {one.id for one in OPERATIONS}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("whose", ["own", "another's"])
async def test_the_table_is_what_happens(server: RunningApp, role: Role, whose: str) -> None:
    ann, bob = f"ann-{role}-{whose}", f"bob-{role}-{whose}"
    owned = await objects_of(server, ann if whose == "own" else bob)
    wrong: list[str] = []
    async with client_of(server, ann, role) as user:
        for operation in OPERATIONS:
            for probe in PROBES[operation.id]:
                response = await send_probe(user, operation, probe, owned)
                happened = outcome(probe, owned, response)
                expected = expectation(operation, role, whose)
                if happened != expected:
                    wrong.append(f"{operation.id}: {happened}, not {expected}: {response.text}")
                if happened == "hidden" and not response.is_success:
                    unknown = await send_probe(user, operation, probe, MISSING)
                    assert anonymous(response.text, owned) == anonymous(unknown.text, MISSING)
                if happened == "found" and operation.method in {"PUT", "DELETE"}:
                    assert response.json().get("user_id") in {None, owned.user_id}
                    owned = await objects_of(server, owned.user_id)
    assert wrong == []


async def objects_of(server: RunningApp, user_id: str) -> OwnedObjects:
    """Make one of each, and a picture of the batch."""
    owned = await make_objects(server.services, user_id)
    await add_image(
        server.services.database, user_id=user_id, batch_id=owned.batch_id, is_preview=True
    )
    return owned


def expectation(operation: Operation, role: Role, whose: str) -> str:
    permission = operation.permission
    if not role.includes(permission.role):
        return "forbidden"
    is_seen = whose == "own" or role is Role.ADMIN or permission.others is not Visibility.HIDDEN
    return "found" if is_seen else "hidden"


async def send_probe(
    user: RunningApp, operation: Operation, probe: AccessProbe, owned: OwnedObjects
) -> httpx.Response:
    return await user.client.request(
        operation.method,
        operation.path.replace("{id}", probe.id(owned)),
        params=probe.params(owned),
        json=probe.body(owned) if probe.body is not None else None,
        content=probe.picture,
        headers={"Content-Type": "image/png"} if probe.picture is not None else None,
    )


def outcome(probe: AccessProbe, owned: OwnedObjects, response: httpx.Response) -> str:
    if response.status_code == 403:
        assert response.json()["error"] == "Forbidden"
        return "forbidden"
    if response.is_success:
        return "found" if probe.is_found(response.json(), owned) else "hidden"
    is_missing = response.status_code == 404 or "not found" in response.json()["error"]
    return "hidden" if is_missing else f"{response.status_code}"


async def test_no_one_is_served_without_a_good_key(server: RunningApp) -> None:
    paths = [(operation.method, operation.path) for operation in OPERATIONS]
    for method, path in [*paths, ("GET", "/api"), ("GET", "/api/nothing")]:
        for headers in ({}, {"Authorization": "Bearer gqls_none"}):
            response = await server.client.request(method, path, headers=headers, content=b"{")
            assert response.status_code == 401
            assert response.headers["www-authenticate"] == "Bearer"
            problem = response.json()
            assert problem["error"] == "Unauthorized"
            assert set(problem["details"]) == {"message"}


async def test_an_address_that_is_not_let_in_is_forbidden_in_plain_text(tmp_path: Path) -> None:
    async with running_app(tmp_path, {"allowed_ips": "10.0.0.0/8"}) as app:
        response = await send(app, "GET", "models")
        assert (response.status_code, response.text) == (403, "Forbidden")
        assert response.headers["content-type"].startswith("text/plain")


async def test_pages_of_listed_origins_may_use_every_method(tmp_path: Path) -> None:
    origin = "https://app.example.com"
    async with running_app(tmp_path, {"cors_origins": origin}) as app:
        for method in ("POST", "PUT", "DELETE"):
            headers = {
                "origin": origin,
                "access-control-request-method": method,
                "access-control-request-headers": "content-type, idempotency-key",
            }
            allowed = await send(app, "OPTIONS", "templates/x", headers=headers)
            assert allowed.status_code == 200
            assert method in allowed.headers["access-control-allow-methods"]
        answer = await send(app, "GET", "models", headers={"origin": origin})
        assert "Location" in answer.headers["access-control-expose-headers"]


async def test_what_is_another_users_is_theirs_alone(server: RunningApp) -> None:
    async with client_of(server, "carl", Role.CREATOR) as carl:
        image = await generate(carl, model=SDXL, width=256, height=256)
        async with client_of(server, "dora", Role.CREATOR) as dora:
            for method in ("GET", "DELETE"):
                problem = await ask(dora, method, f"images/{image['id']}", 404)
                assert problem["error"] == "Image not found"
        assert (await ask(carl, "GET", f"images/{image['id']}"))["is_deleted"] is False


async def test_anothers_source_cannot_be_a_mask(server: RunningApp) -> None:
    own, anothers = [await make_objects(server.services, user) for user in ("emil", "fritz")]
    body = _SMALL | {"model": INPAINTING, "source_image_ids": [own.source_id]}
    async with client_of(server, "emil", Role.CREATOR) as emil:
        for path, given in (("generate", body), ("batch/generate", body | _PROMPTS)):
            await ask(emil, "POST", path, 201, json=given | {"mask_image_id": own.source_id})
            for mask in (anothers.source_id, MISSING.source_id):
                problem = await ask(emil, "POST", path, 400, json=given | {"mask_image_id": mask})
                assert problem == {
                    "error": "Image not found",
                    "details": {
                        "field": "mask_image_id",
                        "message": f'There is no image "{mask}".',
                    },
                }


async def test_each_operation_spends_from_the_callers_allowance(tmp_path: Path) -> None:
    settings = {"allowance": 60, "allowance_per_second": 1, "max_query_cost": 60}
    async with running_app(tmp_path, settings) as app:
        first = await send(app, "GET", "models")
        assert first.headers["ratelimit-policy"] == '"allowance";q=60;w=60'
        assert left(first) >= 59
        oddly_written = await send(app, "GET", "images", params={"limit": "+1"})
        assert oddly_written.status_code == 429
        assert left(await send(app, "GET", "images", params={"limit": 50})) < 20
        refused = await send(app, "GET", "templates")
        assert refused.status_code == 429
        assert refused.json()["error"] == "Too many requests"
        assert 1 <= int(refused.headers["retry-after"]) <= 12
        missing = await send(app, "GET", "images/img_none")
        assert missing.status_code == 404
        assert left(missing) < 20


def left(response: httpx.Response) -> int:
    found = re.fullmatch(r'"allowance";r=(\d+);t=\d+', response.headers["ratelimit"])
    assert found is not None
    return int(found[1])
