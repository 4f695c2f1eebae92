"""Descriptions of types, from their docstrings, and of fields that several types share."""

from collections.abc import Callable, Mapping
from copy import copy
from typing import TypeVar

from strawberry.types import get_object_definition

Described = TypeVar("Described", bound=type)


def described(cls: Described) -> Described:
    """Give a Strawberry type, input, interface or enum its docstring as its description.

    Line breaks become spaces. Place it above Strawberry's own decorator.
    """
    definition = cls.__strawberry_definition__  # type: ignore[attr-defined] # Strawberry sets it
    definition.description = " ".join((cls.__doc__ or "").split())
    return cls


def describe_fields(descriptions: Mapping[str, str]) -> Callable[[Described], Described]:
    """Give fields of a Strawberry type or input their descriptions, by their names in Python.

    Inherited fields keep their descriptions in the base. Place it above Strawberry's own decorator.
    """

    def describe(cls: Described) -> Described:
        definition = get_object_definition(cls, strict=True)
        found = [copy(field) for field in definition.fields]
        for field in found:
            field.description = descriptions.get(field.python_name, field.description)
        definition.fields = found
        return cls

    return describe
