"""Answering only to the server's own names, as protection against DNS rebinding.

A page of another site can have its own name resolve to this machine; to a browser the server then
belongs to that page's site, and everything that a page may not do to others is allowed. The name
in the request reveals it.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from cachetools import LRUCache
from starlette.types import ASGIApp, Receive, Scope, Send

from gql_server.web.bodies import RequestRefused
from gql_server.web.refusals import WriteRefusal, refuse

_OPEN_PATHS: Final = {"/health", "/ready"}
"""A load balancer may use any name, and the response reveals nothing."""


_MAX_KNOWN: Final = 64
_MAX_KNOWN_LENGTH: Final = 255
"""Longer names do not exist in DNS, and are not remembered."""


class AllowedHostsMiddleware:
    """Refuses requests and WebSockets whose ``Host`` is not a name of this server.

    IP addresses and ``localhost`` are always accepted: no page can be of such a site unless this
    machine serves it. A request without the header does not come from a browser.
    """

    def __init__(
        self,
        app: ASGIApp,
        names: Sequence[str],
        *,
        refusals: Mapping[str, WriteRefusal] | None = None,
    ) -> None:
        """Take the application and its names.

        Args:
            app: The application.
            names: Its names; ``*.example.com`` is every name below that.
            refusals: How to write refusals below path prefixes; elsewhere as GraphQL does.
        """
        self._app = app
        self._refusals = dict(refusals or {})
        self._known: Final[LRUCache[bytes, bool]] = LRUCache(_MAX_KNOWN)
        self._names: Final = frozenset(name for name in names if not name.startswith("*."))
        self._endings: Final = tuple(name[1:] for name in names if name.startswith("*."))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on requests for this server."""
        if (
            scope["type"] == "lifespan"
            or scope["path"] in _OPEN_PATHS
            or self._is_own([value for name, value in scope["headers"] if name == b"host"])
        ):
            await self._app(scope, receive, send)
            return
        refused = RequestRefused(
            (
                "The server does not serve the requested host name. If it should, the "
                "operator adds the name to ALLOWED_HOSTS or sets PUBLIC_URL."
            ),
            status=HTTPStatus.MISDIRECTED_REQUEST,
            code="HOST_NOT_ALLOWED",
        )
        await refuse(scope, receive, send, refused, by_folder=self._refusals)

    def _is_own(self, hosts: Sequence[bytes]) -> bool:
        if len(hosts) != 1:
            return not hosts
        is_own = self._known.get(hosts[0])
        if is_own is None:
            is_own = self._is_own_name(hosts[0].decode("latin-1"))
            if len(hosts[0]) <= _MAX_KNOWN_LENGTH:
                self._known[hosts[0]] = is_own
        return is_own

    def _is_own_name(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").removesuffix(".")
        except ValueError:
            return False
        return (
            name == "localhost"
            or name in self._names
            or name.endswith((".localhost", *self._endings))
            or _is_address(name)
        )


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
