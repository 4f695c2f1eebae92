"""Who may ask for what by REST: each role, each operation, one's own and another's."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from gql_server.access.permissions import Others
from gql_server.domain.principal import Role
from gql_server.rest.application import rest_application
from gql_server.rest.operations import OPERATIONS, Operation
from tests.access.attempts import IMG2IMG, INPAINTING, MISSING, Things, anonymous, make_things
from tests.database.rows import add_image
from tests.rest.asking import ask, generate, send
from tests.support.product import FLUX, SDXL, Product, png, running_product
from tests.support.visitors import visitor

pytestmark = pytest.mark.anyio

_PROMPTS: Final = {"prompts": ["A red fox"]}
_SMALL: Final = {"prompt": "A red fox", "model": SDXL, "width": 256, "height": 256}


@dataclass(frozen=True)
class Attempt:
    """One way to somebody's things."""

    body: Callable[[Things], Mapping[str, Any]] | None = None
    id: Callable[[Things], str] = lambda _: ""
    params: Callable[[Things], Mapping[str, Any]] = lambda _: {}
    picture: bytes | None = None
    is_found: Callable[[Any, Things], bool] = lambda _found, _things: True
    """Of an answer that is no refusal: whether it told anything of theirs."""


def listed(noun: str, kind: str) -> Attempt:
    return Attempt(
        params=lambda _: {"limit": 100},
        is_found=lambda found, things: getattr(things, kind) in {one["id"] for one in found[noun]},
    )


ATTEMPTS: Final[Mapping[str, list[Attempt]]] = {
    "generateImage": [
        Attempt(body=lambda things: _SMALL | {"template_id": things.template_id}),
        Attempt(
            body=lambda things: {
                "prompt": "A red fox",
                "model": IMG2IMG,
                "width": 256,
                "height": 256,
                "source_image_ids": [things.source_id],
            }
        ),
    ],
    "models": [Attempt(is_found=lambda found, _: len(found) > 0)],
    "templates": [listed("templates", "template_id")],
    "createTemplate": [Attempt(body=lambda _: {"name": "New", "model": FLUX})],
    "template": [Attempt(id=lambda things: things.template_id)],
    "updateTemplate": [
        Attempt(id=lambda things: things.template_id, body=lambda _: {"name": "Changed"})
    ],
    "deleteTemplate": [Attempt(id=lambda things: things.template_id)],
    "images": [
        listed("images", "image_id"),
        Attempt(
            params=lambda things: {"template_id": things.template_id},
            is_found=lambda found, _: found["total"] > 0,
        ),
        Attempt(
            params=lambda things: {"batch_id": things.batch_id},
            is_found=lambda found, _: found["total"] > 0,
        ),
    ],
    "image": [
        Attempt(id=lambda things: things.image_id),
        Attempt(id=lambda things: things.deleted_id),
    ],
    "deleteImage": [Attempt(id=lambda things: things.image_id)],
    "uploadSourceImage": [Attempt(picture=png(8, 8))],
    "sourceImages": [listed("source_images", "source_id")],
    "sourceImage": [Attempt(id=lambda things: things.source_id)],
    "deleteSourceImage": [Attempt(id=lambda things: things.source_id)],
    "costAnalytics": [Attempt(is_found=lambda found, _: found["total_images"] > 0)],
    "generateBatch": [
        Attempt(
            body=lambda things: {
                "prompts": ["A red fox"],
                "model": FLUX,
                "template_id": things.template_id,
            }
        ),
        Attempt(
            body=lambda things: {
                "prompts": ["A red fox"],
                "model": IMG2IMG,
                "width": 256,
                "height": 256,
                "source_image_ids": [things.source_id],
            }
        ),
    ],
    "batch": [Attempt(id=lambda things: things.batch_id)],
}


def test_every_operation_is_decided_and_attempted() -> None:
    served = {
        (method.upper(), path, operation["operationId"])
        for path, methods in rest_application().openapi()["paths"].items()
        for method, operation in methods.items()
    }
    assert served == {(one.method, one.path, one.id) for one in OPERATIONS}
    assert set(ATTEMPTS) == {one.id for one in OPERATIONS}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("whose", ["own", "another's"])
async def test_the_table_is_what_happens(server: Product, role: Role, whose: str) -> None:
    ann, bob = f"ann-{role}-{whose}", f"bob-{role}-{whose}"
    things = await things_of(server, ann if whose == "own" else bob)
    wrong: list[str] = []
    async with visitor(server, ann, role) as user:
        for operation in OPERATIONS:
            for attempt in ATTEMPTS[operation.id]:
                response = await attempted(user, operation, attempt, things)
                happened = outcome(attempt, things, response)
                expected = expectation(operation, role, whose)
                if happened != expected:
                    wrong.append(f"{operation.id}: {happened}, not {expected}: {response.text}")
                if happened == "hidden" and not response.is_success:
                    unknown = await attempted(user, operation, attempt, MISSING)
                    assert anonymous(response.text, things) == anonymous(unknown.text, MISSING)
                if happened == "found" and operation.method in {"PUT", "DELETE"}:
                    assert response.json().get("user_id") in {None, things.user_id}
                    things = await things_of(server, things.user_id)
    assert wrong == []


async def things_of(server: Product, user_id: str) -> Things:
    """Make one of each, and a picture of the batch."""
    things = await make_things(server.parts, user_id)
    await add_image(
        server.parts.database, user_id=user_id, batch_id=things.batch_id, is_preview=True
    )
    return things


def expectation(operation: Operation, role: Role, whose: str) -> str:
    decision = operation.decision
    if not role.includes(decision.role):
        return "forbidden"
    is_seen = whose == "own" or role is Role.ADMIN or decision.others is not Others.HIDDEN
    return "found" if is_seen else "hidden"


async def attempted(
    user: Product, operation: Operation, attempt: Attempt, things: Things
) -> httpx.Response:
    return await user.client.request(
        operation.method,
        operation.path.replace("{id}", attempt.id(things)),
        params=attempt.params(things),
        json=attempt.body(things) if attempt.body is not None else None,
        content=attempt.picture,
        headers={"Content-Type": "image/png"} if attempt.picture is not None else None,
    )


def outcome(attempt: Attempt, things: Things, response: httpx.Response) -> str:
    if response.status_code == 403:
        assert response.json()["error"] == "Forbidden"
        return "forbidden"
    if response.is_success:
        return "found" if attempt.is_found(response.json(), things) else "hidden"
    is_missing = response.status_code == 404 or "not found" in response.json()["error"]
    return "hidden" if is_missing else f"{response.status_code}"


async def test_nobody_is_served_without_a_good_key(server: Product) -> None:
    paths = [(operation.method, operation.path) for operation in OPERATIONS]
    for method, path in [*paths, ("GET", "/api"), ("GET", "/api/nothing")]:
        for headers in ({}, {"Authorization": "Bearer gqls_none"}):
            response = await server.client.request(method, path, headers=headers, content=b"{")
            assert response.status_code == 401
            assert response.headers["www-authenticate"] == "Bearer"
            told = response.json()
            assert told["error"] == "Unauthorized"
            assert set(told["details"]) == {"message"}


async def test_an_address_that_is_not_let_in_is_forbidden_in_plain_text(tmp_path: Path) -> None:
    async with running_product(tmp_path, {"allowed_ips": "10.0.0.0/8"}) as product:
        response = await send(product, "GET", "models")
        assert (response.status_code, response.text) == (403, "Forbidden")
        assert response.headers["content-type"].startswith("text/plain")


async def test_pages_of_listed_origins_may_use_every_method(tmp_path: Path) -> None:
    origin = "https://app.example.com"
    async with running_product(tmp_path, {"cors_origins": origin}) as product:
        for method in ("POST", "PUT", "DELETE"):
            headers = {
                "origin": origin,
                "access-control-request-method": method,
                "access-control-request-headers": "content-type, idempotency-key",
            }
            allowed = await send(product, "OPTIONS", "templates/x", headers=headers)
            assert allowed.status_code == 200
            assert method in allowed.headers["access-control-allow-methods"]
        answer = await send(product, "GET", "models", headers={"origin": origin})
        assert "Location" in answer.headers["access-control-expose-headers"]


async def test_what_is_another_users_is_theirs_alone(server: Product) -> None:
    async with visitor(server, "carl", Role.CREATOR) as carl:
        image = await generate(carl, model=SDXL, width=256, height=256)
        async with visitor(server, "dora", Role.CREATOR) as dora:
            for method in ("GET", "DELETE"):
                told = await ask(dora, method, f"images/{image['id']}", 404)
                assert told["error"] == "Image not found"
        assert (await ask(carl, "GET", f"images/{image['id']}"))["is_deleted"] is False


async def test_anothers_source_cannot_be_a_mask(server: Product) -> None:
    own, anothers = [await make_things(server.parts, user) for user in ("emil", "fritz")]
    body = _SMALL | {"model": INPAINTING, "source_image_ids": [own.source_id]}
    async with visitor(server, "emil", Role.CREATOR) as emil:
        for path, given in (("generate", body), ("batch/generate", body | _PROMPTS)):
            await ask(emil, "POST", path, 201, json=given | {"mask_image_id": own.source_id})
            for mask in (anothers.source_id, MISSING.source_id):
                told = await ask(emil, "POST", path, 400, json=given | {"mask_image_id": mask})
                assert told == {
                    "error": "Image not found",
                    "details": {
                        "field": "mask_image_id",
                        "message": f'There is no image "{mask}".',
                    },
                }


async def test_each_operation_spends_from_the_callers_allowance(tmp_path: Path) -> None:
    settings = {"allowance": 60, "allowance_per_second": 1, "max_query_cost": 60}
    async with running_product(tmp_path, settings) as product:
        first = await send(product, "GET", "models")
        assert first.headers["ratelimit-policy"] == '"allowance";q=60;w=60'
        assert left(first) >= 59
        oddly_written = await send(product, "GET", "images", params={"limit": "+1"})
        assert oddly_written.status_code == 429
        assert left(await send(product, "GET", "images", params={"limit": 50})) < 20
        refused = await send(product, "GET", "templates")
        assert refused.status_code == 429
        assert refused.json()["error"] == "Too many requests"
        assert 1 <= int(refused.headers["retry-after"]) <= 12
        missing = await send(product, "GET", "images/img_none")
        assert missing.status_code == 404
        assert left(missing) < 20


def left(response: httpx.Response) -> int:
    found = re.fullmatch(r'"allowance";r=(\d+);t=\d+', response.headers["ratelimit"])
    assert found is not None
    return int(found[1])
