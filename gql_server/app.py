"""The HTTP server: parts into routes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final, TypedDict

import structlog
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gql_server.access.authentication import Authentication
from gql_server.access.oidc import open_tokens
from gql_server.api.models import ShapedCatalogue
from gql_server.api.schema import build_schema
from gql_server.api.view import GraphQLView
from gql_server.generation.parts import Parts
from gql_server.http.authentication import AuthenticationMiddleware
from gql_server.http.health import Check, health, ready_route
from gql_server.http.images import images_route
from gql_server.http.networks import AllowedNetworksMiddleware
from gql_server.settings import Settings
from gql_server.wiring import StartError, Wiring

log = structlog.get_logger(__name__)

_KEY_USE_SECONDS: Final = 60.0


class State(TypedDict):
    """What the lifespan hands to every request."""

    parts: Parts
    catalogue: ShapedCatalogue
    authentication: Authentication


def create_app(settings: Settings, *, runs_jobs: bool = True) -> Starlette:
    """Build the server from its settings; no part is opened before it starts.

    Args:
        settings: Where everything is.
        runs_jobs: Whether it does background work too, or only takes it for others.

    Raises:
        CatalogueError: The catalogue of models is wrong.
        PriceBookError: The price book is wrong.
        StartError: Other machines can reach it and nobody said whether it asks who they are; or
            the secret for signed addresses can neither be read nor made.
    """
    asks_for_keys = _asks_for_keys(settings)
    wiring = Wiring(settings)
    view = GraphQLView(build_schema())

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[State]:
        async with (
            wiring.open(runs_jobs=runs_jobs) as parts,
            open_tokens(
                issuer=settings.oidc_issuer,
                audience=settings.oidc_audience,
                role_claim=settings.oidc_role_claim,
            ) as tokens,
        ):
            authentication = Authentication(parts.database, asks=asks_for_keys, tokens=tokens)
            async with authentication.recording(seconds=_KEY_USE_SECONDS):
                yield State(
                    parts=parts,
                    catalogue=ShapedCatalogue(wiring.catalogue, wiring.prices),
                    authentication=authentication,
                )

    routes = [
        Route("/", _to_playground, methods=["GET"]),
        Route("/graphql", view),
        Route("/health", health, methods=["GET"]),
        ready_route(_checks),
    ]
    if wiring.folder is not None:
        routes.append(images_route(wiring.folder))
    return Starlette(routes=routes, middleware=_middleware(settings), lifespan=lifespan)


def _middleware(settings: Settings) -> list[Middleware]:
    """Return what every request passes, the outermost first."""
    found: list[Middleware] = []
    if settings.trusted_proxies:
        trusted = [str(network) for network in settings.trusted_proxies]
        found.append(Middleware(ProxyHeadersMiddleware, trusted_hosts=trusted))
    if settings.allowed_ips:
        found.append(Middleware(AllowedNetworksMiddleware, networks=settings.allowed_ips))
    return [*found, Middleware(AuthenticationMiddleware)]


def _asks_for_keys(settings: Settings) -> bool:
    asks = settings.asks_for_keys
    if asks is None:
        raise StartError(
            f"AUTH: decide who may ask, for other machines can reach {settings.host}: AUTH=keys "
            "(make one with `gql-server keys create`), or AUTH=none where something else asks"
        )
    if not asks and not settings.is_loopback:
        log.warning(
            "open_to_everyone", host=settings.host, hint="whoever reaches the server can spend"
        )
    return asks


async def _to_playground(_request: Request) -> RedirectResponse:
    return RedirectResponse("/graphql")


def _checks(request: Request) -> Mapping[str, Check]:
    parts: Parts = request.state.parts

    async def database_answers() -> None:
        async with parts.database.read() as connection:
            await connection.execute(text("SELECT 1"))

    return {"database": database_answers, "store": parts.store.check}
