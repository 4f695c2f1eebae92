"""``gql-server serve``."""

import asyncio
import socket
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
import uvicorn

from gql_server import __version__
from gql_server.bootstrap.metrics_server import check_metrics_port
from gql_server.bootstrap.resources import check_start
from gql_server.bootstrap.web import create_app
from gql_server.cli.start import check_workers_can_be_apart, fail, read_settings, show_database
from gql_server.pages.not_built import HOW_TO_BUILD, pages_are_built
from gql_server.processes.garbage_collection import tune_garbage_collection
from gql_server.processes.stop_timer import end_within
from gql_server.settings import Settings
from gql_server.web.listening import listen
from gql_server.web.server import Server, server_config

_BACKLOG = 2048


def serve(
    host: Annotated[
        str | None, typer.Option(help="Address or host name to listen on. Overrides HOST.")
    ] = None,
    port: Annotated[
        int | None, typer.Option(help="Port to listen on, 1 to 65,535. Overrides PORT.")
    ] = None,
    runs_jobs: Annotated[
        bool,
        typer.Option(
            "--worker/--no-worker",
            help="Run background jobs in this process, or leave them to `gql-server worker`.",
        ),
    ] = True,
    trusted_documents: Annotated[
        Path | None,
        typer.Option(
            help="Manifest of the only documents that may run, from Relay, "
            "graphql-codegen or Apollo. Overrides TRUSTED_DOCUMENTS."
        ),
    ] = None,
) -> None:
    """Serve the API and the playground.

    Without settings, the server draws previews and keeps everything in ./data. An SQLite database
    is migrated on start; with PostgreSQL run `gql-server migrate` first.
    """
    settings = read_settings(host=host, port=port, trusted_documents=trusted_documents)
    if not runs_jobs:
        check_workers_can_be_apart(settings)
    show_database(settings)
    app = create_app(settings, runs_jobs=runs_jobs)
    asyncio.run(check_start(settings))
    check_metrics_port(settings)
    listener = _listen(settings)
    server = GreetingServer(server_config(app, settings), settings)
    server.run(sockets=[listener])
    if not server.started:
        raise typer.Exit(1)


def _listen(settings: Settings) -> socket.socket:
    host, port = settings.host, settings.port
    timeout = settings.subscription_send_timeout
    try:
        return listen(host, port, backlog=_BACKLOG, send_timeout_seconds=timeout)
    except OSError as error:
        fail(f"HOST, PORT: cannot listen on {host} port {port}: {error.strerror}")


class GreetingServer(Server):
    """Says where to go once it listens, and ends within its time."""

    def __init__(self, config: uvicorn.Config, settings: Settings) -> None:
        super().__init__(config)
        self._url = settings.server_url
        shows_pages = settings.shows_playground or settings.shows_studio
        self._lacks_pages = shows_pages and not pages_are_built()
        self._shutdown_timeout = settings.shutdown_timeout

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop; whatever hangs, the process ends some seconds after its time."""
        if not self.should_exit:
            end_within(self._shutdown_timeout)
        super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to listen, and say where."""
        await super().startup(sockets)
        if self.started:
            tune_garbage_collection()
            typer.echo(f"gql_server {__version__} is at {self._url}")
            if self._lacks_pages:
                typer.echo(HOW_TO_BUILD)
            typer.echo(f"Playground: {self._url}/graphql")
