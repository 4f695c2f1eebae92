"""The schema as a file, to those who may see it."""

from pathlib import Path

import pytest

from gql_server.api.schema import schema_text
from gql_server.domain.principal import Role
from tests.support.clients import client_of
from tests.support.running_app import RunningApp, running_app

pytestmark = pytest.mark.anyio


async def test_everyone_gets_the_schema_without_authentication(app: RunningApp) -> None:
    response = await app.client.get("/schema.graphql")
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/plain; charset=utf-8"
    assert response.text == schema_text()
    headers = {"if-none-match": response.headers["etag"]}
    again = await app.client.get("/schema.graphql", headers=headers)
    assert (again.status_code, again.content) == (304, b"")
    head = await app.client.head("/schema.graphql")
    assert (head.status_code, head.headers["etag"]) == (200, response.headers["etag"])


@pytest.mark.parametrize(
    ("introspection", "reader", "admin"),
    [("auto", 403, 200), ("true", 200, 200), ("false", 403, 403)],
)
async def test_the_setting_says_who_gets_it(
    tmp_path: Path, introspection: str, reader: int, admin: int
) -> None:
    settings = {"auth": "keys", "introspection": introspection}
    async with (
        running_app(tmp_path, settings) as app,
        client_of(app, "rae", Role.READER) as rae,
        client_of(app, "ann", Role.ADMIN) as ann,
    ):
        assert (await app.client.get("/schema.graphql")).status_code == 401
        response = await rae.client.get("/schema.graphql")
        assert response.status_code == reader
        assert ("type Query" in response.text) == (reader == 200)
        assert (await ann.client.get("/schema.graphql")).status_code == admin
