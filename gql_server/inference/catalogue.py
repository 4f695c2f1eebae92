"""The catalogue of models, read from the files in ``models/``, one for each maker.

The files are the one place to read and extend; everything in them is checked when it is loaded. An
operator's file changes it: see ``overrides.py``.
"""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gql_server.inference.model import Model
from gql_server.inference.overrides import Overrides, OverridesError

_FIRST: Final = "workers-ai.toml"
"""Models that Cloudflare hosts itself come first."""

_MERGED: Final = ("parameters",)

_LIKE: Final = 0.6
"""How like a model's name another one must be to be suggested, from 0 to 1."""
_MAX_SOUGHT: Final = 100


class CatalogueError(Exception):
    """A file of the catalogue is wrong; the message names the place and how to fix it."""


def similar_models(
    name: str, models: Sequence[Model], *, most: int, likeness: float
) -> Sequence[str]:
    """Return the IDs of the models whose ID, its last part, or name is most like a name.

    Args:
        name: What was sought.
        models: The models.
        most: How many to return at most.
        likeness: From 0, anything, to 1, equal.
    """
    ids = {}
    for model in models:
        for text in (model.id, model.id.rpartition("/")[2], model.name):
            ids[text.casefold()] = model.id
    sought = name[:_MAX_SOUGHT].casefold()
    matches = get_close_matches(sought, ids, n=most, cutoff=likeness)
    return list(dict.fromkeys(ids[match] for match in matches))


class Catalogue:
    """The models by ID, in the order of the files.

    Attributes:
        models: The models.
        withdrawn: Models that providers have withdrawn, with what to use instead.
        max_sources: How many source images any model accepts at most.
        max_text_length: How many characters of a prompt any model accepts at most.
    """

    def __init__(
        self, models: tuple[Model, ...], withdrawn: Mapping[str, str] | None = None
    ) -> None:
        self.models = models
        self.withdrawn = withdrawn or {}
        self.max_sources = max(
            model.image_inputs.maximum if model.image_inputs else 0 for model in models
        )
        self.max_text_length = max(model.max_prompt_length for model in models)
        self._by_id = {model.id: model for model in models}
        if len(self._by_id) != len(models):
            ids = [model.id for model in models]
            twice = next(model_id for model_id in ids if ids.count(model_id) > 1)
            raise CatalogueError(f"the catalogue names {twice} twice")
        for model in models:
            if model.replaced_by is not None and model.replaced_by not in self._by_id:
                raise CatalogueError(f"{model.id} is replaced by an unknown {model.replaced_by}")

    def get(self, model_id: str) -> Model | None:
        """Return the model of that ID, if there is one."""
        return self._by_id.get(model_id)

    def instead_of(self, model_id: str) -> str | None:
        """Return what to use in place of a model that is not offered, as a sentence; None: nothing.

        It says why the model was withdrawn, or names the model whose name is most like it.
        """
        if model_id in self.withdrawn:
            return self.withdrawn[model_id]
        similar = similar_models(model_id, self.models, most=1, likeness=_LIKE)
        return f"Did you mean {similar[0]}?" if similar else None


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    defaults: Mapping[str, Any] = Field(default_factory=dict)
    models: tuple[Mapping[str, Any], ...] = ()
    withdrawn: Mapping[str, str] = Field(default_factory=dict)


class _Models(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[Model, ...]


def load_catalogue(path: Path | None = None, *, overrides: Overrides | None = None) -> Catalogue:
    """Read and check a catalogue; without a path, the one that comes with the server.

    Args:
        path: A file, or a folder of files that end in ``.toml``.
        overrides: What the operator changes about it.

    Raises:
        CatalogueError: A file cannot be read or breaks a rule.
        OverridesError: The overrides do not fit the catalogue.
    """
    contents = _packaged() if path is None else _contents(path)
    if overrides is None:
        return contents.catalogue
    return _overridden(contents.catalogue, contents.entries, overrides)


class _Contents(NamedTuple):
    """What the files of a catalogue have: its models, and their entries with the defaults."""

    catalogue: Catalogue
    entries: Sequence[Mapping[str, Any]]


@cache
def _packaged() -> _Contents:
    """Read the files that come with the server; they stay as they are while it runs."""
    return _contents(None)


def _contents(path: Path | None) -> _Contents:
    entries: list[Mapping[str, Any]] = []
    models: list[Model] = []
    withdrawn: dict[str, str] = {}
    for file in _files(path):
        name = str(file) if path is not None else file.name
        found = _read(name, file)
        own = [_with_defaults(found.defaults, entry) for entry in found.models]
        models += _models(name, own)
        entries += own
        withdrawn |= found.withdrawn
    if not models:
        raise CatalogueError(f"{path}: the catalogue has no models")
    return _Contents(Catalogue(tuple(models), withdrawn), entries)


def _overridden(
    catalogue: Catalogue, entries: Sequence[Mapping[str, Any]], overrides: Overrides
) -> Catalogue:
    withdrawn = {**catalogue.withdrawn}
    for model_id, changes in overrides.changes.items():
        if catalogue.get(model_id) is None:
            raise OverridesError(f"{overrides.name}: {model_id} is no model of the catalogue")
        if changes.withdrawn is not None:
            withdrawn[model_id] = changes.withdrawn
    changed = [
        overrides.changes[entry["id"]].applied_to(entry)
        if entry["id"] in overrides.changes
        else entry
        for entry in entries
        if entry["id"] not in withdrawn
    ]
    try:
        models = _models(overrides.name, [*changed, *overrides.models])
        return Catalogue(
            tuple(
                model.model_copy(update={"replaced_by": None})
                if model.replaced_by in withdrawn
                else model
                for model in models
            ),
            {name: why for name, why in withdrawn.items() if name not in {m.id for m in models}},
        )
    except (CatalogueError, ValueError) as error:  # a catalogue without models has no maximum
        raise OverridesError(str(error)) from error


def _files(path: Path | None) -> Iterator[Traversable]:
    folder: Traversable
    if path is None:
        folder = resources.files(__package__).joinpath("models")
    elif path.is_dir():
        folder = path
    else:
        yield path
        return
    files = [file for file in folder.iterdir() if file.name.endswith(".toml")]
    yield from sorted(files, key=lambda file: (file.name != _FIRST, file.name))


def _read(name: str, file: Traversable) -> _File:
    try:
        return _File.model_validate(tomllib.loads(file.read_text("utf-8")))
    except ValidationError as error:
        raise CatalogueError(f"{name}: {_errors(error)}") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogueError(f"{name}: {error}") from error


def _models(name: str, entries: Sequence[Mapping[str, Any]]) -> tuple[Model, ...]:
    try:
        return _Models.model_validate({"models": entries}).models
    except ValidationError as error:
        raise CatalogueError(f"{name}: {_errors(error)}") from error


def _with_defaults(defaults: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry with what its file says of all; its settings are added to the shared."""
    merged = {**defaults, **entry}
    for name in _MERGED:
        if name in defaults and name in entry:
            merged[name] = {**defaults[name], **entry[name]}
    return merged


def _errors(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)
    return "; ".join(f"{'.'.join(str(part) for part in one['loc'])}: {one['msg']}" for one in found)
