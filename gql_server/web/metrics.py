"""``/metrics``, in the formats of Prometheus and OpenMetrics."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from http import HTTPStatus
from typing import Final

from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import Metric
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gql_server.domain.principal import Principal

Collect = Callable[[], Awaitable[Sequence[Metric]]]
"""Returns every metric as it is now."""

PATH: Final = "/metrics"


def metrics_route(collect_of: Callable[[Request], Collect], *, is_for_admins: bool) -> Route:
    """Return the route ``/metrics``.

    Args:
        collect_of: Returns what collects the metrics, for a request.
        is_for_admins: Whether the caller must be an admin; if not, everyone who reaches the port
            may read them.
    """

    async def metrics(request: Request) -> Response:
        if is_for_admins:
            principal: Principal | None = request.state.principal
            if principal is None or not principal.is_admin:
                text = "The metrics require an API key with the role admin.\n"
                return PlainTextResponse(text, status_code=HTTPStatus.FORBIDDEN)
        found = await collect_of(request)()
        encode, content_type = _encoder(request.headers.get("accept", ""))
        # In a thread: some thousands of lines take milliseconds.
        body = await asyncio.to_thread(encode, _Collected(found))
        return Response(body, headers={"content-type": content_type})

    return Route(PATH, metrics, methods=["GET"])


def _encoder(accept: str) -> tuple[Callable[["_Collected"], bytes], str]:
    try:
        return choose_encoder(accept)
    except (TypeError, ValueError):  # a version that is no number
        return choose_encoder("")


class _Collected:
    """Metrics in the form of a registry, as the encoders take it."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics
