"""What all results of the client have, and how their selections are written."""

from functools import cache
from typing import Any, ClassVar, Protocol, get_args

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Result(BaseModel):
    """An object as the server returned it. It cannot be changed.

    Its fields are those that the client selects. Fields that a newer server adds are ignored.
    """

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, defer_build=True)

    not_selected: ClassVar[frozenset[str]] = frozenset()
    """Fields that are filled otherwise."""

    selected: ClassVar[str] = ""
    """The selection, where it does not follow from the fields."""


class Identified(Protocol):
    """An object with an ID."""

    @property
    def id(self) -> str:
        """The ID."""


def id_of(named: Identified | str) -> str:
    """Return the ID of an object, which may be the ID itself."""
    return named if isinstance(named, str) else named.id


@cache
def selection(kind: type[Result]) -> str:
    """Write the GraphQL selection of a result's fields."""
    if kind.selected:
        return kind.selected
    fields = []
    for name, field in kind.model_fields.items():
        if name in kind.not_selected:
            continue
        nested = _nested(field.annotation)
        fields.append(f"{field.alias} {{ {selection(nested)} }}" if nested else str(field.alias))
    return " ".join(fields)


def _nested(annotation: Any) -> type[Result] | None:
    if isinstance(annotation, type) and issubclass(annotation, Result):
        return annotation
    return next((found for part in get_args(annotation) if (found := _nested(part))), None)
