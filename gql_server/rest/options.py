"""The options of the REST API, kept apart so that they load without FastAPI."""

from dataclasses import dataclass, field
from typing import Final

from gql_server.web.bodies import BodyBounds

FOLDER: Final = "/api/"
"""Every path beneath it is answered by REST."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestOptions:
    """The operator's choices for REST.

    Attributes:
        bounds: The limits of a request's body.
        requires_auth: Whether callers need an API key.
        shows_description: Whether /api/openapi.json and /api/docs describe the API.
        public_path: The path of PUBLIC_URL, which a proxy removes: `/ai`, or empty.
    """

    bounds: BodyBounds = field(default_factory=BodyBounds)
    requires_auth: bool = False
    shows_description: bool = True
    public_path: str = ""
