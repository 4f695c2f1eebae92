"""Writing a file of overrides that adopts what Cloudflare lists."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.catalogue_changes import ChangeKind, ModelChange
from gql_server.inference.overrides import Override, Overrides, OverridesError, read_override_text
from gql_server.text_files import TextFileError, write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Adopted:
    """What a file of overrides adopts.

    Attributes:
        text: The file.
        models: The models that it changes.
        by_hand: Models whose change a person must write, each with the reason.
    """

    text: str
    models: Sequence[str]
    by_hand: Mapping[str, str]


def adopt(present: str, changes: Sequence[ModelChange], *, on: date) -> Adopted:
    """Return a file of overrides with the present text in front, unchanged.

    Args:
        present: The text of the file in use; empty if there is none.
        changes: What differs.
        on: The day of the list.

    Raises:
        OverridesError: The present text is invalid.
    """
    used = read_override_text("MODEL_OVERRIDES", present)
    merged = _merged(changes)
    by_hand = dict.fromkeys(
        merged.keys() & used.changes.keys(), "the file in use already has an entry for it"
    )
    adopted = {
        model_id: Override.model_validate(keys)
        for model_id, keys in merged.items()
        if model_id not in by_hand
    }
    if _error(used, adopted) is not None:
        errors = {name: _error(used, {name: one}) for name, one in adopted.items()}
        by_hand |= {name: error for name, error in errors.items() if error is not None}
        adopted = {name: one for name, one in adopted.items() if name not in by_hand}
    front = [present.rstrip("\n"), ""] if present else []
    lines = [*front, *_lines(merged, adopted, changes, on)]
    return Adopted(text="\n".join(lines), models=list(adopted), by_hand=by_hand)


def write_overrides(path: Path, text: str, *, overwrite: bool) -> None:
    """Write a file of overrides, completely or not at all.

    Raises:
        OverridesError: The file exists, or cannot be written.
    """
    read_override_text(str(path), text)
    try:
        write_whole(path, text, overwrite=overwrite)
    except TextFileError as error:
        raise OverridesError(str(error)) from error


def _error(used: Overrides, adopted: Mapping[str, Override]) -> str | None:
    """Return why a catalogue cannot have some overrides beside those in use."""
    changes = {**used.changes, **adopted}
    try:
        load_catalogue(overrides=Overrides(name="it", changes=changes, models=used.models))
    except OverridesError as error:
        return str(error)
    return None


def _merged(changes: Sequence[ModelChange]) -> dict[str, dict[str, Any]]:
    """Return the keys of each model's override."""
    merged: dict[str, dict[str, Any]] = {}
    for change in changes:
        if not change.override:
            continue
        keys = merged.setdefault(change.model_id, {})
        for name, value in change.override.items():
            match value:
                case list() if name in keys:
                    keys[name] = [*keys[name], *value]
                case dict() if name in keys:
                    keys[name] = {**keys[name], **value}
                case _:
                    keys[name] = value
    return merged


def _lines(
    merged: Mapping[str, Mapping[str, Any]],
    adopted: Mapping[str, Override],
    changes: Sequence[ModelChange],
    on: date,
) -> Iterator[str]:
    yield f"# What Cloudflare listed on {on.isoformat()}, for MODEL_OVERRIDES."
    for model_id in adopted:
        keys = dict(merged[model_id])
        yield ""
        yield f"[overrides.{_toml(model_id)}]"
        parameters = keys.pop("parameters", {})
        for name, value in keys.items():
            yield f"{name} = {_toml(value)}"
        for name, rule in parameters.items():
            yield f"parameters.{name} = {_toml(rule)}"
    new = [change for change in changes if change.kind is ChangeKind.NEW]
    if new:
        yield ""
        yield "# New models; an entry as in gql_server/inference/models, [[models]], adds one:"
        yield from (f"# {change.model_id}: {change.listed}" for change in new)
    yield ""


def _toml(value: object) -> str:
    match value:
        case dict():
            items = ", ".join(f"{name} = {_toml(one)}" for name, one in value.items())
            return f"{{ {items} }}"
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case _:
            return json.dumps(value, ensure_ascii=False)
