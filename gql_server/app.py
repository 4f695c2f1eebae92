"""The HTTP server: parts into routes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TypedDict

from sqlalchemy import text
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Route

from gql_server.api.models import ShapedCatalogue
from gql_server.api.schema import build_schema
from gql_server.api.view import GraphQLView
from gql_server.generation.parts import Parts
from gql_server.http.health import Check, health, ready_route
from gql_server.http.images import images_route
from gql_server.settings import Settings
from gql_server.wiring import Wiring


class State(TypedDict):
    """What the lifespan hands to every request."""

    parts: Parts
    catalogue: ShapedCatalogue


def create_app(settings: Settings, *, runs_jobs: bool = True) -> Starlette:
    """Build the server from its settings; nothing is opened before it starts.

    Args:
        settings: Where everything is.
        runs_jobs: Whether it does background work too, or only takes it for others.

    Raises:
        CatalogueError: The catalogue of models is wrong.
        PriceBookError: The price book is wrong.
    """
    wiring = Wiring(settings)
    view = GraphQLView(build_schema())

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[State]:
        async with wiring.open(runs_jobs=runs_jobs) as parts:
            yield State(parts=parts, catalogue=ShapedCatalogue(wiring.catalogue, wiring.prices))

    routes = [
        Route("/", _to_playground, methods=["GET"]),
        Route("/graphql", view),
        Route("/health", health, methods=["GET"]),
        ready_route(_checks),
    ]
    if wiring.folder is not None:
        routes.append(images_route(wiring.folder))
    return Starlette(routes=routes, lifespan=lifespan)


async def _to_playground(_request: Request) -> RedirectResponse:
    return RedirectResponse("/graphql")


def _checks(request: Request) -> Mapping[str, Check]:
    parts: Parts = request.state.parts

    async def database_answers() -> None:
        async with parts.database.read() as connection:
            await connection.execute(text("SELECT 1"))

    return {"database": database_answers, "store": parts.store.check}
