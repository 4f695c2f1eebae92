"""The APIs beside GraphQL as routes, by the operator's settings."""

from collections.abc import Mapping

from starlette.routing import BaseRoute, Route

from gql_server.bootstrap.middleware import public_path_of
from gql_server.mcp.entrance import McpEntrance
from gql_server.mcp.options import FOLDER as MCP_FOLDER
from gql_server.mcp.options import PATH as MCP_PATH
from gql_server.mcp.options import McpOptions
from gql_server.openai.application import routes_of
from gql_server.openai.options import OpenAIOptions
from gql_server.rest.entrance import RestEntrance
from gql_server.rest.options import FOLDER as REST_FOLDER
from gql_server.rest.options import RestOptions
from gql_server.settings import Settings
from gql_server.web.bodies import BodyBounds


def rest_routes(settings: Settings, *, requires_auth: bool) -> list[BaseRoute]:
    """Return the routes of the REST API."""
    options = RestOptions(
        bounds=BodyBounds(settings.max_body_bytes, settings.receive_timeout),
        requires_auth=requires_auth,
        shows_description=settings.shows_playground,
        public_path=public_path_of(settings),
    )
    application = RestEntrance(options)
    # Not mounted: its paths are complete, as in its description.
    paths = (REST_FOLDER.rstrip("/"), f"{REST_FOLDER}{{path:path}}")
    return [Route(path, application) for path in paths]


def openai_routes(
    settings: Settings, aliases: Mapping[str, tuple[str, ...]], *, requires_auth: bool
) -> list[BaseRoute]:
    """Return the routes of the OpenAI-compatible API."""
    options = OpenAIOptions(
        aliases=aliases,
        bounds=BodyBounds(settings.max_body_bytes, settings.receive_timeout),
        requires_auth=requires_auth,
        shows_description=settings.shows_playground,
        public_path=public_path_of(settings),
    )
    return routes_of(options)


def mcp_routes(settings: Settings) -> list[BaseRoute]:
    """Return the routes of the MCP server."""
    options = McpOptions(
        bounds=BodyBounds(settings.max_body_bytes, settings.receive_timeout),
        origins=(settings.server_origin, *settings.cors_origins),
    )
    application = McpEntrance(options)
    return [Route(path, application) for path in (MCP_PATH, MCP_FOLDER)]
