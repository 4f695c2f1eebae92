"""The port for monitoring: metrics and probes, without authentication."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from gql_server.bootstrap.metrics import ProcessMetrics
from gql_server.bootstrap.readiness import checks
from gql_server.bootstrap.resources import StartError
from gql_server.generation.services import Services
from gql_server.settings import Settings
from gql_server.web.health import health, ready_route
from gql_server.web.metrics import Collect, metrics_route
from gql_server.web.slow_clients import bounded_http

_MAX_CONNECTIONS = 64
_BACKLOG = 64
_SECONDS = 10.0


def check_metrics_port(settings: Settings) -> None:
    """Check that the port for monitoring can be listened on, if there is one.

    Raises:
        StartError: It cannot.
    """
    if settings.metrics_port is not None:
        with _listening(settings.metrics_host, settings.metrics_port):
            pass


@asynccontextmanager
async def metrics_served(
    settings: Settings, services: Services, metrics: ProcessMetrics
) -> AsyncIterator[None]:
    """Serve ``/metrics``, ``/health`` and ``/ready`` on METRICS_PORT, if it is set.

    Raises:
        StartError: The port cannot be listened on.
    """
    if settings.metrics_port is None:
        yield
        return

    def collect_of(_request: Request) -> Collect:
        return metrics.collect

    app = Starlette(
        routes=[
            metrics_route(collect_of, is_for_admins=False),
            Route("/health", health, methods=["GET"]),
            ready_route(lambda _request: checks(services)),
        ]
    )
    with _listening(settings.metrics_host, settings.metrics_port) as listener:
        server = _Server(_config(app))
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="metrics")
        try:
            yield
        finally:
            server.should_exit = True
            await serving


class _Server(uvicorn.Server):
    """A second server in the process, which leaves the signals to the first."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _config(app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
        server_header=False,
        proxy_headers=False,
        http=bounded_http(
            head_seconds=_SECONDS, taking_seconds=_SECONDS, max_connections=_MAX_CONNECTIONS
        ),
    )


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with ExitStack() as unless_it_listens:
            listener = unless_it_listens.enter_context(socket.socket(family, kind, protocol))
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
            unless_it_listens.pop_all()
    except OSError as error:
        raise StartError(
            f"METRICS_HOST, METRICS_PORT: cannot listen on {host} port {port}: {error.strerror}"
        ) from error
    with listener:
        yield listener
