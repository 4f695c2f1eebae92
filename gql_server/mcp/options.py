"""The options of the MCP server, and what is known of it before it is loaded."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from gql_server.web.bodies import BodyBounds

PATH: Final = "/mcp"
FOLDER: Final = "/mcp/"
"""Refusals at and below this path have the form of JSON-RPC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class McpOptions:
    """The operator's choices for MCP.

    Attributes:
        bounds: The limits of a request's body.
        origins: Origins whose pages may send requests; ``*`` is every origin.
    """

    bounds: BodyBounds = field(default_factory=BodyBounds)
    origins: Sequence[str] = ()
