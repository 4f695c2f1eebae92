"""The studio's page and its addresses, as a build leaves them in a folder."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from gql_server.pages.not_built import HOW_TO_BUILD
from gql_server.pages.studio import StudioInfo, studio_routes
from gql_server.web.middleware.compression import compression
from tests.support.running_app import running_app

pytestmark = pytest.mark.anyio

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
PAGE = """<!doctype html><title>gql_server studio</title>
<script type="module" crossorigin src="./assets/index-abc.js"></script>
<link rel="stylesheet" crossorigin href="./assets/index-abc.css">"""


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder as a build leaves it."""
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "playground.html").write_text("")
    return tmp_path


@asynccontextmanager
async def opened(
    folder: Path, *, public_path: str = "", image_origins: tuple[str, ...] = ()
) -> AsyncIterator[httpx.AsyncClient]:
    routes = studio_routes(
        StudioInfo(requires_auth=True),
        public_path=public_path,
        image_origins=image_origins,
        folder=folder,
    )
    transport = httpx.ASGITransport(Starlette(routes=routes))
    async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
        yield client


async def test_a_browser_gets_the_page_at_each_of_its_addresses(built: Path) -> None:
    async with opened(built, public_path="/ai") as client:
        for path in ("/", "/studio", "/studio/make", "/studio/images/img_1"):
            answer = await client.get(path, headers=BROWSER)
            assert answer.status_code == 200
            assert re.findall(r'(?:src|href)="([^"]+)"', answer.text) == [
                "/ai/assets/index-abc.js",
                "/ai/assets/index-abc.css",
            ]
            assert answer.headers["cache-control"] == "no-cache"
        assert (await client.get("/studio.json")).json() == {
            "asksForKeys": True,
            "hasProvider": False,
        }


async def test_a_large_page_is_compressed_for_everyone(built: Path) -> None:
    html = PAGE + "<!-- x -->" * 1_000
    (built / "index.html").write_text(html)
    routes = studio_routes(StudioInfo(requires_auth=False), public_path="", folder=built)
    app = Starlette(routes=routes, middleware=[compression()])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
        for encoding in ("gzip", "identity", "gzip", "br"):
            headers = BROWSER | {"accept-encoding": encoding}
            async with client.stream("GET", "/", headers=headers) as answer:
                raw = b"".join([chunk async for chunk in answer.aiter_raw()])
            assert answer.headers.get("content-encoding", "identity") == encoding
            assert int(answer.headers.get("content-length", len(raw))) == len(raw)
            assert (len(raw) > 5_000) == (encoding == "identity")


async def test_other_clients_are_sent_from_the_root_to_the_api(built: Path) -> None:
    async with opened(built) as client:
        answer = await client.get("/", headers={"accept": "application/json"})
        assert (answer.status_code, answer.headers["location"]) == (307, "/graphql")
        assert answer.headers["vary"] == "Accept"


async def test_the_policy_has_no_other_origin_than_that_of_the_images(built: Path) -> None:
    bucket = "https://images.example.com"
    async with opened(built) as own, opened(built, image_origins=(bucket,)) as elsewhere:
        policy = (await own.get("/", headers=BROWSER)).headers["content-security-policy"]
        assert "http" not in policy
        assert "unsafe" not in policy
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        other = (await elsewhere.get("/", headers=BROWSER)).headers["content-security-policy"]
        for name in ("img-src", "connect-src"):
            policy = policy.replace(f"{name} 'self'", f"{name} 'self' {bucket}")
        assert other == policy


async def test_without_a_build_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as client:
        answer = await client.get("/", headers=BROWSER)
        assert HOW_TO_BUILD in answer.text
        assert "script-src" not in answer.headers["content-security-policy"]
        assert "<script" not in answer.text


@pytest.mark.parametrize(
    ("settings", "is_shown"),
    [
        ({}, True),
        ({"playground": False}, False),
        ({"playground": False, "studio": True}, True),
        ({"studio": False}, False),
    ],
)
async def test_an_operator_decides_whether_there_is_a_studio(
    tmp_path: Path, settings: dict[str, object], *, is_shown: bool
) -> None:
    async with running_app(tmp_path, settings) as app:
        root = await app.client.get("/", headers=BROWSER)
        assert root.status_code == (200 if is_shown else 307)
        info = await app.client.get("/studio.json")
        assert info.status_code == (200 if is_shown else 404)
