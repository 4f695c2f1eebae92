"""The port for monitoring: metrics and probes, without authentication."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from gql_server.bootstrap.metrics import ProcessMetrics
from gql_server.bootstrap.resources import StartError
from gql_server.generation.services import Services
from gql_server.settings import Settings
from gql_server.web.listening import listen

_BACKLOG = 64


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

    # A worker that is not monitored needs no server.
    from gql_server.bootstrap.monitoring import monitoring_server  # noqa: PLC0415 - see above

    with _listening(settings.metrics_host, settings.metrics_port) as listener:
        server = monitoring_server(services, metrics)
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="metrics")
        try:
            yield
        finally:
            server.should_exit = True
            await serving


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    try:
        listener = listen(host, port, backlog=_BACKLOG)
    except OSError as error:
        raise StartError(
            f"METRICS_HOST, METRICS_PORT: cannot listen on {host} port {port}: {error.strerror}"
        ) from error
    with listener:
        yield listener
