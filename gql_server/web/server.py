"""The server: uvicorn with limits, and a shutdown that clients cannot delay."""

import asyncio
import socket
from math import ceil
from typing import Any, Final

import uvicorn

from gql_server.access.live_sessions import LiveSessions
from gql_server.settings import Settings
from gql_server.telemetry.metrics import CLIENTS_DROPPED, WEBSOCKET_MESSAGES
from gql_server.web.middleware.open_requests import OpenRequests
from gql_server.web.slow_clients import bounded_http
from gql_server.web.traffic import Traffic
from gql_server.web.websocket_protocol import bounded_websockets

_TRAFFIC: Final = Traffic(on_message=WEBSOCKET_MESSAGES.labels().inc, on_drop=CLIENTS_DROPPED.inc)
_TURN_AWAY_SECONDS: Final = 0.5
"""How long before the end of their time the remaining requests are answered."""


def server_config(app: Any, settings: Settings) -> uvicorn.Config:
    """Return the configuration for serving the application."""
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=settings.log_level == "debug",
        lifespan="on",
        timeout_keep_alive=ceil(settings.keep_alive_timeout),
        timeout_graceful_shutdown=round(settings.shutdown_timeout) or 1,
        server_header=False,
        proxy_headers=False,  # the application has TRUSTED_PROXIES; uvicorn would trust loopback
        http=bounded_http(
            head_seconds=settings.receive_timeout,
            idle_seconds=settings.keep_alive_timeout,
            taking_seconds=settings.subscription_send_timeout,
            max_connections=settings.max_connections,
            traffic=_TRAFFIC,
        ),
        ws=bounded_websockets(send_seconds=settings.subscription_send_timeout, traffic=_TRAFFIC),
        ws_max_size=settings.max_body_bytes,
        ws_per_message_deflate=False,  # a few kilobytes could become megabytes
    )


class Server(uvicorn.Server):
    """Ends streams at shutdown, which would never end by themselves.

    Uvicorn itself closes sockets, and waits for all other responses.
    """

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop."""
        sessions: LiveSessions | None = self.lifespan.state.get("sessions")
        if sessions is not None:
            sessions.stop()
        turning_away = asyncio.create_task(self._turn_away())
        try:
            await super().shutdown(sockets)
        finally:
            turning_away.cancel()

    async def _turn_away(self) -> None:
        """Answer the remaining requests shortly before uvicorn cancels them."""
        requests: OpenRequests | None = self.lifespan.state.get("open_requests")
        grace = self.config.timeout_graceful_shutdown or 0
        await asyncio.sleep(max(grace / 2, grace - _TURN_AWAY_SECONDS))
        if requests is not None:
            await requests.turn_away()
