"""The documentation at ``/docs/``, as a build leaves it in a folder."""

from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from gql_server.pages.documentation import HOW_TO_BUILD_DOCUMENTATION, documentation_routes
from tests.support.running_app import running_app

pytestmark = pytest.mark.anyio


def opened(folder: Path) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(Starlette(routes=documentation_routes(folder)))
    return httpx.AsyncClient(transport=transport, base_url="http://server")


async def test_the_site_is_served_with_a_policy_that_allows_only_this_server(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "operations"
    folder.mkdir()
    (tmp_path / "index.html").write_text("the home")
    (folder / "index.html").write_text("operations")
    (tmp_path.parent / "secret.html").write_text("elsewhere")
    async with opened(tmp_path) as client:
        redirected = await client.get("/docs")
        assert (redirected.status_code, redirected.headers["location"]) == (307, "docs/")
        home = await client.get("/docs/")
        assert (home.status_code, home.text) == (200, "the home")
        policy = home.headers["content-security-policy"]
        assert "script-src 'self'; style-src 'self';" in policy
        assert "unsafe" not in policy
        assert (await client.get("/docs/operations/")).text == "operations"
        again = await client.get("/docs/", headers={"if-none-match": home.headers["etag"]})
        assert again.status_code == 304
        assert (await client.head("/docs/index.html")).status_code == 200
        for path in ("/docs/nosuch.html", "/docs/operations", "/docs/%2e%2e/secret.html"):
            assert (await client.get(path)).status_code == 404


async def test_without_a_build_the_page_says_how_to_build_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as client:
        for path in ("/docs", "/docs/"):
            answer = await client.get(path)
            assert answer.status_code == 200
            assert HOW_TO_BUILD_DOCUMENTATION.partition("`")[0] in answer.text
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({}, 200),
        ({"documentation": "false"}, 404),
        ({"playground": "false"}, 404),
        ({"playground": "false", "documentation": "true"}, 200),
    ],
)
async def test_a_setting_says_whether_it_is_shown(
    tmp_path: Path, settings: dict[str, str], status: int
) -> None:
    async with running_app(tmp_path, {"auth": "keys"} | settings) as app:
        answer = await app.client.get("/docs/", follow_redirects=True)
        assert answer.status_code == status
