"""The playground's page and its assets, as a build leaves them in a folder."""

import gzip
import json
import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from gql_server.pages.not_built import HOW_TO_BUILD, pages_are_built
from gql_server.pages.playground import PlaygroundInfo, playground
from gql_server.pages.static_files import assets_route

pytestmark = pytest.mark.anyio

SCRIPT = b"export const found = 1;"
PAGE = """<!doctype html><meta name="gql-server-info" content="" />
<title>gql_server playground</title>
<script type="module" crossorigin src="./assets/playground-abc.js"></script>
<link rel="stylesheet" crossorigin href="./assets/playground-abc.css">"""


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder as a build leaves it; the br form is no real brotli, only told apart by its text."""
    assets = tmp_path / "assets"
    assets.mkdir()
    (tmp_path / "playground.html").write_text(PAGE)
    (assets / "playground-abc.js").write_bytes(SCRIPT)
    (assets / "playground-abc.js.br").write_bytes(b"brotli")
    (assets / "playground-abc.js.gz").write_bytes(gzip.compress(SCRIPT))
    (assets / "font.ttf").write_bytes(b"font")
    (tmp_path / "secret.js").write_text("never served")
    return tmp_path


@pytest.fixture
async def client(built: Path) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(Starlette(routes=[assets_route(built)]))
    async with httpx.AsyncClient(transport=transport, base_url="http://pages") as client:
        yield client


def test_the_page_loads_its_own_assets_beneath_the_public_path(built: Path) -> None:
    page = playground(public_path="/ai", folder=built)
    assert re.findall(r'(?:src|href)="([^"]+)"', page.html) == [
        "/ai/assets/playground-abc.js",
        "/ai/assets/playground-abc.css",
    ]
    assert "/ai/" not in playground(public_path="", folder=built).html


def test_the_policy_names_no_other_origin_and_runs_no_inline_script(built: Path) -> None:
    policy = dict(
        part.strip().split(" ", 1)
        for part in playground(public_path="", folder=built).policy.split(";")
    )
    assert "http" not in str(policy)
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["worker-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"


def test_the_page_says_what_the_server_takes_and_shows_a_buckets_images(built: Path) -> None:
    bucket = "https://images.example.com"
    page_info = PlaygroundInfo(takes_hashes=False, only_trusted=True, image_origins=(bucket,))
    page = playground(page_info, public_path="", folder=built)
    found = re.search(r'name="gql-server-info" content="([^"]*)"', page.html)
    assert found is not None
    assert json.loads(unescape(found[1])) == {
        "takesHashes": False,
        "onlyTrusted": True,
        "imageOrigins": [bucket],
    }
    own = playground(public_path="", folder=built).policy
    assert page.policy == own.replace("img-src 'self' data:", f"img-src 'self' data: {bucket}")


def test_without_a_build_the_page_says_how_to_make_one(tmp_path: Path) -> None:
    missing = tmp_path / "static"
    assert not pages_are_built(missing)
    page = playground(public_path="/ai", folder=missing)
    assert "make studio" in HOW_TO_BUILD
    assert "\n" not in HOW_TO_BUILD
    assert HOW_TO_BUILD in page.html
    assert "script-src" not in page.policy  # nor any script, inline or not: default-src 'none'
    assert "<script" not in page.html
    assert assets_route(missing).path == "/assets/{name}"


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip, deflate, br", "br"),
        ("GZIP", "gzip"),
        ("br;q=0, gzip;q=0.5", "gzip"),
        ("identity", None),
        ("", None),
    ],
)
async def test_an_asset_is_sent_in_the_smallest_form_that_the_client_reads(
    client: httpx.AsyncClient, accepted: str, encoding: str | None
) -> None:
    request = client.build_request(
        "GET", "/assets/playground-abc.js", headers={"accept-encoding": accepted}
    )
    response = await client.send(request, stream=True)
    body = b"".join([part async for part in response.aiter_raw()])
    assert response.headers.get("content-encoding") == encoding
    expected = {"br": b"brotli", "gzip": None, None: SCRIPT}[encoding]
    assert (gzip.decompress(body) if expected is None else body) == (expected or SCRIPT)
    assert response.headers["content-type"] == "text/javascript; charset=utf-8"
    assert response.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert response.headers.get("vary") == (encoding and "Accept-Encoding")
    assert "script-src 'self'" in response.headers["content-security-policy"]


async def test_only_assets_are_served(client: httpx.AsyncClient, built: Path) -> None:
    for name in ("none.js", "../secret.js", "%2e%2e%2fsecret.js", "playground-abc.js.br", ""):
        assert (await client.get(f"/assets/{name}")).status_code == 404, name
    assert (await client.head("/assets/font.ttf")).headers["content-type"] == "font/ttf"
    (built / "assets" / "font.ttf").unlink()  # as a new build does beneath a running server
    assert (await client.get("/assets/font.ttf")).status_code == 404
