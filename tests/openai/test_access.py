"""What each role may do at /v1, and that nobody reaches another user's images."""

import pytest

from gql_server.domain.principal import Role
from gql_server.openai.operations import OPERATIONS
from tests.openai.calls import SMALL, data_url
from tests.support.clients import client_of
from tests.support.running_app import RunningApp, png

pytestmark = pytest.mark.anyio

IMAGE = {"image_url": data_url(png(8, 8))}
BODIES = {
    "createImage": SMALL,
    "createImageEdit": SMALL | {"images": [IMAGE]},
    "createImageVariation": {"model": "dall-e-2", "size": "256x256", "image": IMAGE},
}


@pytest.mark.parametrize("role", Role)
async def test_the_table_is_what_happens(server: RunningApp, role: Role) -> None:
    async with client_of(server, f"role-{role}", role) as user:
        for operation in OPERATIONS:
            path = operation.described_path.replace("{model}", "dall-e-2")
            body = BODIES.get(operation.id)
            response = await user.client.request(operation.method, path, json=body)
            if role.includes(operation.permission.role):
                assert response.status_code == 200, response.text
            else:
                assert response.status_code == 403
                found = response.json()["error"]
                assert found["code"] == "insufficient_permissions"
                assert f"{operation.method} {operation.described_path}" in found["message"]


async def test_no_one_is_served_without_a_good_key(server: RunningApp) -> None:
    paths = [(one.method, one.described_path) for one in OPERATIONS]
    for method, path in [*paths, ("GET", "/v1"), ("GET", "/v1/nothing"), ("GET", "/v1/files")]:
        for headers in ({}, {"Authorization": "Bearer gqls_none"}, {"Authorization": "Bearer x"}):
            response = await server.client.request(method, path, headers=headers, content=b"{")
            assert response.status_code == 401
            assert response.headers["www-authenticate"] == "Bearer"
            found = response.json()["error"]
            assert (found["type"], found["code"]) == ("invalid_request_error", "invalid_api_key")


async def test_anothers_image_is_neither_a_source_nor_a_mask(server: RunningApp) -> None:
    async with (
        client_of(server, "v1-ann", Role.CREATOR) as ann,
        client_of(server, "v1-bob", Role.CREATOR) as bob,
    ):
        own, others = [
            (await one.client.post("/v1/images/generations", json=SMALL)).json()["data"][0]["id"]
            for one in (ann, bob)
        ]
        for body, param in (
            ({"images": [{"file_id": others}]}, "image[0]"),
            ({"images": [{"file_id": own}], "mask": {"file_id": others}}, "mask"),
        ):
            response = await ann.client.post("/v1/images/edits", json=SMALL | body)
            assert response.status_code == 404, response.text
            assert response.json()["error"]["param"] == param
