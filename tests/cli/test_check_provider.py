"""``gql-server check`` tries the OpenID Connect provider."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import OctKey
from typer.testing import CliRunner

from gql_server.cli.root import cli
from gql_server.domain.clock import now
from tests.support.oidc import Provider, running_provider

pytestmark = pytest.mark.anyio

Findings = dict[str, dict[str, Any]]
CheckProvider = Callable[..., Awaitable[tuple[int, Findings]]]


@pytest.fixture(scope="module")
async def module_provider() -> AsyncIterator[Provider]:
    async with running_provider() as found:
        yield found


@pytest.fixture
def provider(module_provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """A provider whose attributes are as before after each test."""
    for name in ("named_issuer", "status", "keys", "raw"):
        monkeypatch.setattr(module_provider, name, getattr(module_provider, name))
    return module_provider


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, provider: Provider) -> CheckProvider:
    """Run the command for this provider; return its exit code, and its findings by part."""
    monkeypatch.chdir(tmp_path)
    settings = {
        "AUTH": "keys",
        "OIDC_ISSUER": provider.issuer,
        "OIDC_AUDIENCE": "gql-server",
        "OIDC_CLIENT_ID": "studio",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "MAX_CONNECTIONS": "10",
    }

    async def run(**changes: str) -> tuple[int, Findings]:
        # In a thread: the provider answers in this loop.
        found = await asyncio.to_thread(
            CliRunner().invoke, cli, ["check", "--json"], env=settings | changes
        )
        assert "Traceback" not in found.output
        return found.exit_code, {one["part"]: one for one in json.loads(found.stdout)["findings"]}

    return run


async def test_a_provider_that_works_is_fine(check: CheckProvider) -> None:
    code, found = await check()
    assert code == 0
    assert found["provider"]["message"] == "The provider answers; 1 key can verify its tokens."
    assert {found[part]["level"] for part in ("provider", "provider clock", "sign-in")} == {"ok"}


async def test_another_issuer_is_named_as_the_setting_must_have_it(
    check: CheckProvider, provider: Provider
) -> None:
    provider.named_issuer = f"{provider.issuer}/"
    code, found = await check()
    assert (code, found["provider"]["level"]) == (1, "error")
    assert found["provider"]["fix"].startswith(f"Set OIDC_ISSUER={provider.issuer}/, exactly so")


async def test_a_provider_that_cannot_be_reached_is_an_error(
    check: CheckProvider, provider: Provider
) -> None:
    provider.status = 404
    code, found = await check()
    assert (code, "The provider answered 404." in found["provider"]["message"]) == (1, True)
    code, found = await check(OIDC_ISSUER="http://127.0.0.1:1")
    assert (code, "No answer: " in found["provider"]["message"]) == (1, True)
    assert found["provider"]["fix"].startswith("Check OIDC_ISSUER")

    async def page() -> AsyncIterator[bytes]:
        yield b"<html>"

    provider.raw = page()
    provider.status = 200
    code, found = await check()
    assert (code, "is not a JSON object" in found["provider"]["message"]) == (1, True)


async def test_keys_that_verify_no_token_are_an_error(
    check: CheckProvider, provider: Provider
) -> None:
    for keys in ([], [OctKey.generate_key(256)]):
        provider.keys = keys  # type: ignore[assignment]  # what no good provider publishes
        code, found = await check()
        assert (code, found["provider"]["level"]) == (1, "error")
        assert "RS256" in found["provider"]["fix"]


async def test_a_clock_that_is_wrong_is_a_warning(
    check: CheckProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = now() + timedelta(minutes=2)
    monkeypatch.setattr("gql_server.bootstrap.checks.provider.now", lambda: late)
    code, found = await check()
    assert (code, found["provider clock"]["level"]) == (0, "warning")
    assert "by NTP" in found["provider clock"]["fix"]
