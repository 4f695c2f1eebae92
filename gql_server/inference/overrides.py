"""What an operator changes about the built-in catalogue, without waiting for a release."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gql_server.text_files import TextFileError, read_text


class OverridesError(Exception):
    """A file of overrides is wrong; the message names the place and how to fix it."""


class Override(BaseModel):
    """What changes about one model.

    Attributes:
        withdrawn: Why the model is no longer offered, and what to use instead.
        parameters: What changes about its settings, by public name.
        removed_parameters: Settings that it no longer has.

    All other keys are those of the model's entry in the catalogue, and replace them.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    withdrawn: str | None = Field(default=None, min_length=1)
    parameters: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    removed_parameters: tuple[str, ...] = ()

    def applied_to(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        """Return a model's entry with the changes."""
        parameters = {
            name: rule
            for name, rule in entry["parameters"].items()
            if name not in self.removed_parameters
        }
        for name, rule in self.parameters.items():
            parameters[name] = {**parameters.get(name, {}), **rule}
        return {**entry, **(self.model_extra or {}), "id": entry["id"], "parameters": parameters}


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    overrides: Mapping[str, Override] = Field(default_factory=dict)
    models: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overrides:
    """A file of overrides.

    Attributes:
        name: Its name in errors.
        changes: What changes, by model.
        models: Entries of further models.
    """

    name: str
    changes: Mapping[str, Override]
    models: Sequence[Mapping[str, Any]] = ()


def read_overrides(path: Path | None) -> Overrides | None:
    """Read a file of overrides, if there is one.

    Raises:
        OverridesError: It cannot be read, or breaks a rule.
    """
    if path is None:
        return None
    try:
        return read_override_text(str(path), read_text(path))
    except TextFileError as error:
        raise OverridesError(str(error)) from error


def read_override_text(name: str, text: str) -> Overrides:
    """Parse a file of overrides.

    Args:
        name: Its name in errors.
        text: The TOML.

    Raises:
        OverridesError: It breaks a rule.
    """
    try:
        file = _File.model_validate(tomllib.loads(text))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        places = (f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in found)
        raise OverridesError(f"{name}: {'; '.join(places)}") from error
    except tomllib.TOMLDecodeError as error:
        raise OverridesError(f"{name}: {error}") from error
    return Overrides(name=name, changes=file.overrides, models=file.models)
