"""Nothing that opens a door is let out: a server with known secrets, and all that it says."""

import json
import signal
import sqlite3
from pathlib import Path

import httpx
import pytest
import websockets

from gql_server.access.key_secrets import new_secret
from tests.servers.process import product_process, run_gql_server
from tests.servers.product import FLUX, GENERATE

pytestmark = pytest.mark.anyio

SIGNING_SECRET = "a-signing-secret-of-more-than-32-characters"
CREATE = """mutation {
  createApiKey(input: {userId: "bob", role: CREATOR}) { apiKey { id } secret }
}"""
LABEL = """mutation ($id: ID!) {
  updateImage(input: {id: $id, tags: ["a"]}) { userErrors { message } }
}"""


async def test_no_key_signature_or_prompt_is_let_out(tmp_path: Path) -> None:
    settings = {
        "AUTH": "keys",
        "URL_SIGNING_SECRET": SIGNING_SECRET,
        "LOG_LEVEL": "debug",
        "LOG_FORMAT": "json",
    }
    command = ("keys", "create", "--user", "ann", "--role", "admin")
    code, printed, logged = await run_gql_server(*command, folder=tmp_path, settings=settings)
    assert code == 0
    secret = printed.strip()
    assert secret not in logged
    wrong = [new_secret().text, f"{secret[:-1]}!", secret[:-1]]
    answers: list[str] = []
    async with product_process(tmp_path, settings) as running:
        async with httpx.AsyncClient(base_url=running.url, timeout=30) as client:
            headers = {"Authorization": f"Bearer {secret}"}
            request = {
                "query": GENERATE,
                "variables": {"input": {"prompt": "xyzzy", "model": FLUX}},
            }
            made = await client.post("/graphql", json=request, headers=headers)
            image = made.json()["data"]["generateImage"]["image"]
            signature = httpx.URL(image["url"]).params["signature"]
            assert (await client.get(image["url"])).status_code == 200
            created = await client.post("/graphql", json={"query": CREATE}, headers=headers)
            second = created.json()["data"]["createApiKey"]["secret"]
            for one in wrong:
                refused = await client.get(
                    "/graphql?query=%7Bplugh%7D", headers={"Authorization": f"Bearer {one}"}
                )
                assert refused.status_code == 401
                answers.append(refused.text)
            unknown = await client.get("/graphql?query=%7Bplugh%7D", headers=headers)
            assert unknown.json()["errors"]
            answers.append(await _open_socket(running.url, secret))
            answers.append(await _open_socket(running.url, wrong[0]))
            _drop_tags(tmp_path)
            label = {"query": LABEL, "variables": {"id": image["id"]}}
            masked = await client.post("/graphql", json=label, headers=headers)
            assert masked.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
            answers.append(masked.text)
        running.process.send_signal(signal.SIGTERM)
        _, logged = await running.end()
    assert "unexpected_error" in logged
    assert "GET /graphql HTTP" in logged
    said = " ".join([*answers, *running.printed, logged])
    for one in (secret, second, *wrong):
        assert one.rpartition("_")[2] not in said
    for one in (SIGNING_SECRET, signature, "xyzzy", "plugh"):
        assert one not in said
    kept = _files(tmp_path)
    for one in (secret, second):
        assert one.rpartition("_")[2].encode() not in kept


def _drop_tags(folder: Path) -> None:
    with sqlite3.connect(folder / "data" / "gql_server.db") as connection:
        connection.execute("DROP TABLE image_tags")
    connection.close()


async def _open_socket(url: str, secret: str) -> str:
    """Show a key in both ways that a WebSocket can; return what came of it."""
    address = f"{url.replace('http', 'ws')}/graphql"
    headers = {"Authorization": f"Bearer {secret}"}
    init = json.dumps({"type": "connection_init", "payload": headers})
    try:
        protocols = [websockets.Subprotocol("graphql-transport-ws")]
        async with websockets.connect(
            address, additional_headers=headers, subprotocols=protocols
        ) as socket:
            await socket.send(init)
            return str(await socket.recv())
    except websockets.WebSocketException as error:
        return str(error)


def _files(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
