"""``gql-server serve`` and ``gql-server migrate``."""

import asyncio
import socket
from contextlib import ExitStack
from typing import Annotated

import typer
import uvicorn

from gql_server import __version__
from gql_server.app import (
    StartError,
    check_start,
    create_app,
    database_fault,
    migrate_database,
)
from gql_server.cli.start import fail, read_settings
from gql_server.database.engine import DatabaseUnavailable
from gql_server.inference.catalogue import CatalogueError
from gql_server.ledger.price_files import PriceBookError

_BACKLOG = 2048


def serve(
    host: Annotated[
        str | None, typer.Option(help="The address to listen on, in place of HOST.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="The port to listen on, in place of PORT.")
    ] = None,
) -> None:
    """Serve the API and the playground.

    Without any settings: SQLite and the pictures in ./data, drawn by the preview generator.
    An SQLite database is migrated first; with PostgreSQL run migrate before.
    """
    settings = read_settings(host=host, port=port)
    try:
        app = create_app(settings)
        asyncio.run(check_start(settings))
    except PriceBookError as error:
        fail(f"PRICE_BOOK: {error}")
    except (CatalogueError, StartError) as error:
        fail(str(error))
    listener = _listen(settings.host, settings.port)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=settings.log_level == "debug",
        lifespan="on",
        timeout_graceful_shutdown=round(settings.shutdown_timeout) or 1,
        server_header=False,
    )
    server = _Server(config, settings.server_url)
    server.run(sockets=[listener])
    if not server.started:
        raise typer.Exit(1)


def migrate() -> None:
    """Bring the database to the shape that this version needs.

    Safe to run again, and on several machines at once.
    """
    settings = read_settings()
    try:
        revision = asyncio.run(migrate_database(settings))
    except DatabaseUnavailable as error:
        fail(f"DATABASE_URL: {database_fault(error)}")
    typer.echo(f"The database is at revision {revision}.")


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # Said to be TCP, so that asyncio turns off Nagle's algorithm on its connections.
        with ExitStack() as unless_it_listens:
            listener = unless_it_listens.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
            unless_it_listens.pop_all()
    except OSError as error:
        fail(f"HOST, PORT: cannot listen on {host} port {port}: {error.strerror}")
    return listener


class _Server(uvicorn.Server):
    """Says where to go once it listens."""

    def __init__(self, config: uvicorn.Config, url: str) -> None:
        super().__init__(config)
        self._url = url

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            typer.echo(f"gql_server {__version__} is at {self._url}")
            typer.echo(f"Playground: {self._url}/graphql")
