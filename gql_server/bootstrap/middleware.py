"""The middleware of the web application, chosen by the settings."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from gql_server.graphql.server.playground import is_playground_request
from gql_server.mcp.options import FOLDER as MCP_FOLDER
from gql_server.mcp.refusals import refusal as mcp_refusal
from gql_server.openai.errors.problem import refusal as openai_refusal
from gql_server.openai.options import FOLDER as OPENAI_FOLDER
from gql_server.openai.options import HEADERS as OPENAI_HEADERS
from gql_server.rest.errors.responses import refusal as rest_refusal
from gql_server.rest.options import FOLDER as REST_FOLDER
from gql_server.settings import Settings
from gql_server.settings.addresses import as_ipv6
from gql_server.web.load import Load
from gql_server.web.middleware.authentication import AuthenticationMiddleware
from gql_server.web.middleware.compression import compression
from gql_server.web.middleware.hosts import AllowedHostsMiddleware
from gql_server.web.middleware.load import LoadMiddleware
from gql_server.web.middleware.networks import AllowedNetworksMiddleware
from gql_server.web.middleware.open_requests import OpenRequests, OpenRequestsMiddleware
from gql_server.web.middleware.origins import RefusedOriginsMiddleware
from gql_server.web.middleware.public_path import PublicPathMiddleware
from gql_server.web.middleware.request_form import RequestFormMiddleware
from gql_server.web.middleware.requests import RequestsMiddleware
from gql_server.web.middleware.security_headers import SecurityHeaders
from gql_server.web.middleware.sockets import WebSocketsMiddleware

_PREFLIGHT_SECONDS: Final = 7200
_EXPOSED_HEADERS: Final = (
    "Location",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    *OPENAI_HEADERS,
)

_REFUSALS: Final = {
    REST_FOLDER: rest_refusal,
    OPENAI_FOLDER: openai_refusal,
    MCP_FOLDER: mcp_refusal,
}
"""How refusals are written below path prefixes; elsewhere as GraphQL does."""


def middleware_of(settings: Settings, open_requests: OpenRequests, load: Load) -> list[Middleware]:
    """Return what every request passes, the outermost first."""
    is_https = settings.server_url.startswith("https://")
    found = [
        Middleware(RequestsMiddleware, is_logged=settings.log_requests),
        Middleware(SecurityHeaders, is_https=is_https),
        Middleware(RequestFormMiddleware, refusals=_REFUSALS),
    ]
    public_path = public_path_of(settings)
    if public_path:
        found.append(Middleware(PublicPathMiddleware, path=public_path))
    if settings.trusted_proxies:
        # An IPv4 proxy has an IPv6 address if HOST is an address for both.
        trusted = {str(form) for one in settings.trusted_proxies for form in (one, as_ipv6(one))}
        found.append(Middleware(ProxyHeadersMiddleware, trusted_hosts=sorted(trusted)))
    if settings.allowed_ips:
        found.append(Middleware(AllowedNetworksMiddleware, networks=settings.allowed_ips))
    if settings.host_names is not None:
        found.append(
            Middleware(
                AllowedHostsMiddleware,
                names=settings.host_names,
                refusals=_REFUSALS,
            )
        )
    found.append(Middleware(WebSocketsMiddleware, per_address=settings.websockets_per_address))
    if "*" not in settings.cors_origins:
        origins = (settings.server_origin, *settings.cors_origins)
        found.append(Middleware(RefusedOriginsMiddleware, origins=origins))
    if settings.cors_origins:
        # Outside of authentication: browsers send preflight requests without a key.
        found.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_methods=("GET", "POST", "PUT", "DELETE"),
                allow_headers=("*",),
                expose_headers=_EXPOSED_HEADERS,
                max_age=_PREFLIGHT_SECONDS,
            )
        )
    authentication = Middleware(
        AuthenticationMiddleware,
        is_page=is_playground_request if settings.shows_playground else _is_no_page,
        description_is_open=settings.playground is not None,
        refusals=_REFUSALS,
    )
    # Nothing waits outside of it, and inside of CORS a page can read the response.
    waiting = Middleware(OpenRequestsMiddleware, requests=open_requests, refusals=_REFUSALS)
    limited = Middleware(LoadMiddleware, load=load, refusals=_REFUSALS)
    return [*found, waiting, limited, authentication, compression()]


def public_path_of(settings: Settings) -> str:
    """Return the path below which a proxy serves the server, such as ``/ai``; or empty."""
    return urlsplit(settings.server_url).path.rstrip("/")


def _is_no_page(_method: str, _accept: str, _parameters: Iterable[str]) -> bool:
    return False
