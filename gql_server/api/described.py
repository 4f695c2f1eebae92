"""One text for a type: its docstring is its description in the schema."""

from typing import TypeVar

Described = TypeVar("Described", bound=type)


def described(cls: Described) -> Described:
    """Give a Strawberry type, input, interface or enum its docstring as its description.

    Line breaks become spaces. Place it above Strawberry's own decorator.
    """
    definition = cls.__strawberry_definition__  # type: ignore[attr-defined] # Strawberry sets it
    definition.description = " ".join((cls.__doc__ or "").split())
    return cls
