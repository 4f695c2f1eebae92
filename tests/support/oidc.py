"""An OpenID Connect provider: an HTTP server that tells its keys, and signs tokens by them."""

import time
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.support.in_loop import listening, served

AUDIENCE = "gql-server"


class Provider:
    """A running provider; its keys and what it tells can be changed at any time."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.named_issuer = issuer
        self.status = 200
        self.requests: list[str] = []
        self.keys: list[RSAKey | ECKey] = [_first_key()]
        self.codes: dict[str, dict[str, str]] = {}
        self.issued = 0
        self.token_seconds = 300
        self.raw: AsyncIterator[bytes] | None = None
        """What it answers in place of its configuration."""

    def token(
        self, *, key: Any = None, alg: str = "RS256", kid: str | None = "first", **claims: Any
    ) -> str:
        """Sign a token that is good for five minutes; a claim of None is left out."""
        now = int(time.time())
        said = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": "ann",
            "iat": now,
            "exp": now + 300,
            "role": "creator",
        } | claims
        header = {"alg": alg} | ({"kid": kid} if kid is not None else {})
        given = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(header, given, key or self.keys[0], algorithms=[alg])

    async def configuration(self, request: Request) -> Response:
        self.requests.append(request.url.path)
        if self.raw is not None:
            return StreamingResponse(self.raw, media_type="application/json")
        body = {
            "issuer": self.named_issuer,
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
        }
        return JSONResponse(body, status_code=self.status)

    async def key_set(self, request: Request) -> JSONResponse:
        self.requests.append(request.url.path)
        return JSONResponse(KeySet(list(self.keys)).as_dict(private=False))

    async def authorize(self, request: Request) -> RedirectResponse:
        """Send the browser back at once: whoever comes is signed in."""
        query = dict(request.query_params)
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        result = urlencode({"code": code, "state": query["state"]})
        return RedirectResponse(f"{query['redirect_uri']}?{result}", 302)

    async def issue(self, request: Request) -> JSONResponse:
        """Exchange each code once, for whoever has its verifier; and refresh tokens, always."""
        form = await request.form()
        if form["grant_type"] == "refresh_token":
            is_good = str(form["refresh_token"]).startswith("refresh-")
        else:
            request_query = self.codes.pop(str(form["code"]), {})
            digest = sha256(str(form["code_verifier"]).encode()).digest()
            is_good = (
                urlsafe_b64encode(digest).rstrip(b"=").decode()
                == request_query.get("code_challenge")
                and form["client_id"] == request_query["client_id"]
                and form["redirect_uri"] == request_query["redirect_uri"]
            )
        if not is_good:
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.issued += 1
        return JSONResponse(
            {
                "access_token": self.token(exp=int(time.time()) + self.token_seconds),
                "token_type": "Bearer",
                "expires_in": self.token_seconds,
                "refresh_token": f"refresh-{self.issued}",
            }
        )


@cache
def _first_key() -> RSAKey:
    """Make a key once: that takes longer than most tests."""
    return RSAKey.generate_key(2048, {"kid": "first"})


@asynccontextmanager
async def running_provider() -> AsyncIterator[Provider]:
    """Serve a provider on loopback until the end of the block."""
    with listening() as (listener, port):
        provider = Provider(f"http://127.0.0.1:{port}")
        app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", provider.configuration),
                Route("/keys", provider.key_set),
                Route("/authorize", provider.authorize),
                Route("/token", provider.issue, methods=["POST"]),
            ]
        )
        config = uvicorn.Config(app, log_config=None, lifespan="off")
        async with served(config, listener):
            yield provider
