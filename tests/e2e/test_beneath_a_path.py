"""The server behind a proxy that serves it beneath a path, and takes that path off."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.support.in_loop import listening, served
from tests.support.running_app import FLUX, running_app

pytestmark = pytest.mark.anyio

PATH = "/ai"


@asynccontextmanager
async def proxied(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the proxy, which knows nothing of the server behind it."""
    with listening() as (listener, port):
        public_url = f"http://127.0.0.1:{port}{PATH}"
        async with running_app(tmp_path, {"public_url": public_url}) as app:
            behind = f"http://127.0.0.1:{app.settings.port}"

            async def forward(request: Request) -> Response:
                path = request.url.path.removeprefix(PATH) or "/"
                headers = {
                    **request.headers,
                    "host": f"127.0.0.1:{app.settings.port}",
                    "accept-encoding": "identity",
                }
                async with httpx.AsyncClient(base_url=behind) as client:
                    answer = await client.request(
                        request.method,
                        path,
                        params=request.query_params,
                        headers=headers,
                        content=await request.body(),
                    )
                return Response(answer.content, answer.status_code, dict(answer.headers))

            methods = ["GET", "POST", "PUT", "DELETE"]
            routes = [Route(f"{PATH}{{path:path}}", forward, methods=methods)]
            config = uvicorn.Config(Starlette(routes=routes), lifespan="off", log_config=None)
            async with (
                served(config, listener),
                httpx.AsyncClient(base_url=public_url, timeout=30) as client,
            ):
                yield client


async def test_every_address_stays_beneath_the_path(tmp_path: Path) -> None:
    async with proxied(tmp_path) as client:
        root = await client.get("/")
        assert (root.status_code, root.headers["location"]) == (307, f"{PATH}/graphql")
        page = await client.get("/graphql", headers={"accept": "text/html"})
        assert page.status_code == 200
        image_input = {"prompt": "A red fox in the snow", "model": FLUX}
        made = await client.post("/api/generate", json=image_input)
        assert made.status_code == 201
        assert made.headers["location"].startswith(f"{PATH}/api/images/img_")
        async with httpx.AsyncClient() as anonymous:
            found = await anonymous.get(client.base_url.join(made.headers["location"]))
            assert found.status_code == 200
            query = {"query": "{ images { edges { node { url } } } }"}
            (edge,) = (await client.post("/graphql", json=query)).json()["data"]["images"]["edges"]
            assert (await anonymous.get(edge["node"]["url"])).status_code == 200
        description = (await client.get("/api/openapi.json")).json()
        assert description["servers"] == [{"url": PATH}]
        assert (await client.get("/api/docs")).status_code == 200
        slash = await client.post("/graphql/", json={"query": "{ __typename }"})
        assert slash.json()["data"] == {"__typename": "Query"}
