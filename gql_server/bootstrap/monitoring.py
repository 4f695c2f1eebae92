"""What the port for monitoring serves."""

from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route

from gql_server.bootstrap.metrics import ProcessMetrics
from gql_server.bootstrap.readiness import checks
from gql_server.generation.services import Services
from gql_server.web.health import health, ready_route
from gql_server.web.metrics import Collect, metrics_route
from gql_server.web.slow_clients import bounded_http

_MAX_CONNECTIONS = 64
_SECONDS = 10.0
_IDLE_SECONDS = 75


def monitoring_server(services: Services, metrics: ProcessMetrics) -> uvicorn.Server:
    """Return a server of ``/metrics``, ``/health`` and ``/ready``."""

    def collect_of(_request: Request) -> Collect:
        return metrics.collect

    app = Starlette(
        routes=[
            metrics_route(collect_of, is_for_admins=False),
            Route("/health", health, methods=["GET"]),
            ready_route(lambda _request: checks(services)),
        ]
    )
    return _Server(_config(app))


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
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=1,
        server_header=False,
        proxy_headers=False,
        http=bounded_http(
            head_seconds=_SECONDS,
            idle_seconds=_IDLE_SECONDS,
            taking_seconds=_SECONDS,
            max_connections=_MAX_CONNECTIONS,
        ),
    )
