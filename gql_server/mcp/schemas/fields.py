"""The types that fields of several tools share."""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from gql_server.domain.clock import read_moment, to_iso

_MOMENT_SCHEMA: Final = {"type": "string", "format": "date-time"}

Moment = Annotated[
    datetime, PlainSerializer(to_iso, return_type=str), WithJsonSchema(_MOMENT_SCHEMA)
]
"""A time, written in UTC with milliseconds and ``Z``."""

GivenMoment = Annotated[datetime, BeforeValidator(read_moment), WithJsonSchema({"type": "string"})]
"""A time with its offset, or a date."""


class Arguments(BaseModel):
    """The arguments of a tool. Null stands for an omitted argument; unknown ones are errors."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid", allow_inf_nan=False)


class Result(BaseModel):
    """The structured result of a tool."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="forbid")


def described(description: str, default: Any = ..., **bounds: Any) -> Any:
    """Describe a field."""
    return Field(default, description=description, **bounds)


def plain_schema(arguments: type[Arguments]) -> dict[str, Any]:
    """Return the JSON Schema of arguments, without the forms that few clients understand.

    Optional arguments have one type instead of a choice between it and null.
    """
    schema = arguments.model_json_schema()
    schema.pop("title", None)
    schema.pop("description", None)
    for found in schema.get("properties", {}).values():
        found.pop("title", None)
        choices = found.get("anyOf", [])
        kept = [choice for choice in choices if choice != {"type": "null"}]
        if len(kept) == 1 != len(choices):
            del found["anyOf"]
            found.update({**kept[0], **found})
        if found.get("default", ...) is None:
            del found["default"]
    return schema
