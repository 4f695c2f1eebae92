"""An OpenID Connect provider: an HTTP server that tells its keys, and signs tokens by them."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
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

    async def configuration(self, request: Request) -> JSONResponse:
        self.requests.append(request.url.path)
        body = {"issuer": self.named_issuer, "jwks_uri": f"{self.issuer}/keys"}
        return JSONResponse(body, status_code=self.status)

    async def key_set(self, request: Request) -> JSONResponse:
        self.requests.append(request.url.path)
        return JSONResponse(KeySet(list(self.keys)).as_dict(private=False))


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
            ]
        )
        config = uvicorn.Config(app, log_config=None, lifespan="off")
        async with served(config, listener):
            yield provider
