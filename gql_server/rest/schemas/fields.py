"""The types that fields of several endpoints share."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from gql_server.domain.clock import read_moment, to_iso

MOMENT_EXAMPLE = "2026-01-15T10:30:00.000Z"
FLUX = "@cf/black-forest-labs/flux-1-schnell"
SDXL = "@cf/bytedance/stable-diffusion-xl-lightning"
IMAGE_ID = "img_01jd2kq5w3m8v7x9c4b6n1h0tz"
SOURCE_IMAGE_ID = "src_01jd2kq5w3m8v7x9c4b6n1h0tz"
TEMPLATE_ID = "tpl_01jd2kq5w3m8v7x9c4b6n1h0tz"
BATCH_ID = "bat_01jd2kq5w3m8v7x9c4b6n1h0tz"
USER = "default_user"

_MOMENT_SCHEMA = {"type": "string", "format": "date-time"}

Moment = Annotated[
    datetime, PlainSerializer(to_iso, return_type=str), WithJsonSchema(_MOMENT_SCHEMA)
]
"""A moment, written in UTC with milliseconds and ``Z``."""

GivenMoment = Annotated[datetime, BeforeValidator(read_moment), WithJsonSchema(_MOMENT_SCHEMA)]
"""A moment that a client writes, with whatever offset."""


class Given(BaseModel):
    """A JSON body: values must have the fields' exact types; unknown fields are ignored."""

    model_config: ClassVar[ConfigDict] = ConfigDict(strict=True, extra="ignore")


class Answer(BaseModel):
    """What a client is answered."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


def described(description: str, example: Any, default: Any = ..., **bounds: Any) -> Any:
    """Describe a field; every one has an example."""
    return Field(default, description=description, examples=[example], **bounds)
