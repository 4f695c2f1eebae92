"""The options of the OpenAI-compatible API, and what is known of it before it is loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gql_server.web.bodies import BodyBounds

FOLDER: Final = "/v1/"
"""Every path beneath it is answered by this API."""

MAX_IMAGES: Final = 10
"""Maximum number of images of a request."""

SIZE_ADJUSTED: Final = "Image-Size-Adjusted"
IGNORED: Final = "Ignored-Parameters"
FAILED: Final = "Failed-Images"
COST: Final = "Image-Cost"
HEADERS: Final = (SIZE_ADJUSTED, IGNORED, FAILED, COST)
"""What pages of other origins may read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAIOptions:
    """The operator's choices for this API.

    Attributes:
        aliases: Models that other names stand for, the preferred one first.
        bounds: The limits of a request's JSON body.
        requires_auth: Whether callers need an API key.
        shows_description: Whether /v1/openapi.json and /v1/docs describe the API.
        public_path: The path of PUBLIC_URL, which a proxy removes: `/ai`, or empty.
    """

    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    bounds: BodyBounds = field(default_factory=BodyBounds)
    requires_auth: bool = False
    shows_description: bool = True
    public_path: str = ""
