"""Nothing that opens a door is let out: a server with known secrets, and all that it says."""

import asyncio
import json
import signal
import sqlite3
from base64 import b64encode
from pathlib import Path

import httpx
import pytest
import websockets
from sqlalchemy.engine import make_url
from starlette.responses import Response
from websockets.exceptions import ConnectionClosed

from gql_server.access.key_secrets import new_secret
from gql_server.settings import Settings
from tests.support.certificates import signing_certificate
from tests.support.oidc import AUDIENCE, running_provider
from tests.support.postgres import PostgresServer
from tests.support.process import (
    create_key,
    run_gql_server,
    server_process,
    workers_ai_environment,
)
from tests.support.receiver import Receiver
from tests.support.running_app import FLUX, GENERATE
from tests.support.s3 import ACCESS_KEY_ID, SECRET_ACCESS_KEY, S3Server
from tests.support.subscriber import open_socket
from tests.support.waiting import WAIT_SECONDS
from tests.support.workers_ai_app import FakeWorkersAI
from tests.support.workers_ai_behaviours import error

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
    secret = await create_key(tmp_path, "admin")
    wrong = [new_secret().text, f"{secret[:-1]}!", secret[:-1]]
    answers: list[str] = []
    async with server_process(tmp_path, settings) as running:
        async with httpx.AsyncClient(base_url=running.url, timeout=WAIT_SECONDS) as client:
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
                refused = await client.get(
                    "/api/images?model=plugh",
                    headers={"Authorization": f"Bearer {one}", "X-Api-Key": one},
                )
                assert refused.status_code == 401
                answers.append(refused.text)
            image_input = {"prompt": "xyzzy", "model": FLUX, "tags": ["a"]}
            by_rest = await client.post("/api/generate", json=image_input, headers=headers)
            rest_signature = httpx.URL(by_rest.json()["r2_url"]).params["signature"]
            unknown = await client.get("/graphql?query=%7Bplugh%7D", headers=headers)
            assert unknown.json()["errors"]
            answers.append(await _open_socket(running.url, secret))
            answers.append(await _open_socket(running.url, wrong[0]))
            _drop_tags(tmp_path)
            label = {"query": LABEL, "variables": {"id": image["id"]}}
            masked = await client.post("/graphql", json=label, headers=headers)
            assert masked.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
            answers.append(masked.text)
            broken = await client.post("/api/generate", json=image_input, headers=headers)
            assert (broken.status_code, broken.json()["details"].keys()) == (
                500,
                {"message", "reference"},
            )
            answers.append(broken.text)
        running.process.send_signal(signal.SIGTERM)
        _, logged = await running.end()
    assert "unexpected_error" in logged
    assert "GET /graphql HTTP" in logged
    assert "GET /api/images HTTP" in logged
    assert broken.json()["details"]["reference"] in logged
    said = " ".join([*answers, *running.printed, logged])
    for one in (secret, second, *wrong):
        assert one.rpartition("_")[2] not in said
    for one in (SIGNING_SECRET, signature, rest_signature, "xyzzy", "plugh"):
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


CACHE_TOKEN = "a-token-that-purges-a-cache"
GATEWAY_TOKEN = "a-token-of-an-ai-gateway"
PASSWORD = "a-password-of-the-database"
WEBHOOK_KEY = b64encode(b"a key that webhooks are signed w").decode()
BUDGET = """mutation ($url: String!) {
  setBudget(input: {limit: 0.01, period: DAILY, webhookUrl: $url}) { userErrors { message } }
}"""


async def test_no_secret_setting_and_no_token_is_let_out_when_every_part_fails(
    tmp_path: Path,
    fake_workers_ai: FakeWorkersAI,
    s3: S3Server,
    postgres: PostgresServer,
    migrated_postgres: str,
    receiver: Receiver,
) -> None:
    name = postgres.create_database(migrated_postgres)
    address = make_url(postgres.setting(name))
    bucket = s3.make_bucket()
    certificate, private_key = signing_certificate()
    secrets = {
        "URL_SIGNING_SECRET": SIGNING_SECRET,
        "DATABASE_URL": address.render_as_string(hide_password=False),
        "DATABASE_PASSWORD": PASSWORD,
        "CLOUDFLARE_API_TOKEN": fake_workers_ai.token,
        "CLOUDFLARE_CACHE_TOKEN": CACHE_TOKEN,
        "AI_GATEWAY_TOKEN": GATEWAY_TOKEN,
        "R2_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "R2_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
        "WEBHOOK_SECRET": f"whsec_{WEBHOOK_KEY}",
        "PROVENANCE_CERTIFICATE": certificate,
        "PROVENANCE_PRIVATE_KEY": private_key,
    }
    assert secrets.keys() == {
        field.upper()
        for field, known in Settings.model_fields.items()
        if "SecretStr" in str(known.annotation)
    }
    fake_workers_ai.gateway_token = GATEWAY_TOKEN
    async with running_provider() as provider:
        settings = {
            **workers_ai_environment(fake_workers_ai, WORKERS_AI_MAX_ATTEMPTS="1"),
            "WORKERS_AI_BASE_URL": fake_workers_ai.gateway_base_url,
            "AUTH": "keys",
            "LOG_LEVEL": "debug",
            "LOG_FORMAT": "json",
            "R2_BUCKET": bucket,
            "R2_ENDPOINT_URL": s3.endpoint_url,
            "R2_PUBLIC_URL": "https://images.example.com",
            "CLOUDFLARE_ZONE_ID": "0" * 32,
            "CLOUDFLARE_CACHE_API_URL": receiver.url,
            "WEBHOOK_ALLOW_PRIVATE": "true",
            "OIDC_ISSUER": provider.issuer,
            "OIDC_AUDIENCE": AUDIENCE,
            **secrets,
        }
        tokens = [provider.token(role="admin"), provider.token(exp=1), provider.token(role="none")]
        said: list[str] = []
        async with server_process(tmp_path, settings) as running:
            async with httpx.AsyncClient(base_url=running.url, timeout=WAIT_SECONDS) as client:

                async def ask(query: str, token: str = tokens[0], **variables: object) -> str:
                    response = await client.post(
                        "/graphql",
                        json={"query": query, "variables": variables},
                        headers={"Authorization": f"Bearer {token}"},
                    )
                    said.append(f"{response.headers} {response.text}")
                    return response.text

                image_input = {"prompt": "xyzzy", "model": FLUX}
                receiver.next(lambda: Response(status_code=500))
                assert '"userErrors":[]' in await ask(BUDGET, url=receiver.url)
                assert '"image":{' in await ask(GENERATE, input=image_input)
                async with asyncio.timeout(WAIT_SECONDS):
                    while not receiver.received:
                        await asyncio.sleep(0.05)
                await ask("mutation { setBudget(input: {limit: 9, period: DAILY}) { __typename } }")
                for token in tokens[1:]:
                    assert "UNAUTHENTICATED" in await ask("{ viewer { role } }", token)
                    said.append(await _init(running.url, token))
                assert "connection_ack" in await _init(running.url, tokens[0])
                fake_workers_ai.next(error(10000, 401))
                assert "GENERATION_FAILED" in await ask(GENERATE, input=image_input)
                for one in s3.client.list_objects_v2(Bucket=bucket).get("Contents", ()):
                    s3.client.delete_object(Bucket=bucket, Key=one["Key"])
                s3.client.delete_bucket(Bucket=bucket)
                assert "GENERATION_FAILED" in await ask(GENERATE, input=image_input)
                postgres.drop_database(name)
                for path in ("/ready", "/graphql", "/nothing"):
                    response = await client.get(path, headers={"accept": "text/html"})
                    said.append(f"{response.headers} {response.text}")
                await ask("{ images { totalCount } }")
            running.process.kill()  # without its database it stops in no hurry
            _, logged = await running.end()
        _, _, refused = await run_gql_server("migrate", folder=tmp_path, settings=settings)
        broken = {**settings, **{field: f"{one} \n" for field, one in secrets.items()}, "PORT": "x"}
        _, _, wrong = await run_gql_server("serve", folder=tmp_path, settings=broken)
    assert "PORT" in wrong
    assert "DATABASE_URL" in refused
    assert "workers_ai_operator_error" in logged
    everything = " ".join([*said, *running.printed, logged, refused, wrong])
    # Signed addresses of a private bucket name the key by its id; no log does.
    assert secrets.pop("R2_ACCESS_KEY_ID") not in f"{logged} {refused} {wrong}"
    for opening in (PASSWORD, WEBHOOK_KEY, *tokens, *secrets.values()):
        assert opening not in everything
    for token in tokens:
        assert token.split(".")[2] not in everything
    assert "xyzzy" not in logged


async def _init(url: str, token: str) -> str:
    """Show a token in the payload of ``connection_init`` alone; return what came of it."""
    async with open_socket(url) as client:
        await client.send(type="connection_init", payload={"authorization": f"Bearer {token}"})
        try:
            return str(await client.receive())
        except ConnectionClosed as closed:
            return str(closed)
