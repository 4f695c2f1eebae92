"""What the types of requests and responses share."""

from typing import Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

IMAGE_ID: Final = "img_01jd2kq5w3m8v7x9c4b6n1h0tz"
SOURCE_IMAGE_ID: Final = "src_01jd2kq5w3m8v7x9c4b6n1h0tz"
MODEL: Final = "@cf/black-forest-labs/flux-2-klein-9b"
PROMPT: Final = "A lighthouse in a storm"
PICTURE: Final = "iVBORw0KGgo"


class Given(BaseModel):
    """Parameters of a request: unknown ones are errors, as in the OpenAI API."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """A part of a response."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


def described(description: str, example: Any, default: Any = ..., **bounds: Any) -> Any:
    """Describe a field; every one has an example."""
    return Field(default, description=description, examples=[example], **bounds)
