"""``gql-server models``."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Annotated, Final

import typer

from gql_server.cli.start import fail
from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.model import Model

_NEAR: Final = 0.4
_MAX_NEAR: Final = 5


def models(
    name: Annotated[
        str | None, typer.Argument(help="Part of a model's ID, name or maker; case is ignored.")
    ] = None,
) -> None:
    """List the models that images are generated with.

    The models of this version, without asking Cloudflare; `gql-server prices refresh` compares
    them with its list. If no model has the name, the nearest names are suggested.
    """
    catalogue = load_catalogue()
    found = [model for model in catalogue.models if name is None or _has(model, name)]
    if not found:
        given = name or ""
        if given in catalogue.withdrawn:
            fail(f"{given} was withdrawn: {catalogue.withdrawn[given]}")
        near = _near(given, catalogue.models)
        fail(f"No model is named {name}." + (f" Did you mean {', '.join(near)}?" if near else ""))
    rows = [("id", "name", "maker", "seconds", "takes"), *map(_row, found)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def _has(model: Model, name: str) -> bool:
    part = name.casefold()
    return any(part in text.casefold() for text in (model.id, model.name, model.provider))


def _near(name: str, known: Sequence[Model]) -> list[str]:
    """Return the IDs of the models that are named most like it."""
    ids = {}
    for model in known:
        for text in (model.id, model.id.rpartition("/")[2], model.name):
            ids[text.casefold()] = model.id
    matches = get_close_matches(name.casefold(), ids, n=_MAX_NEAR, cutoff=_NEAR)
    return list(dict.fromkeys(ids[match] for match in matches))


def _row(model: Model) -> tuple[str, str, str, str, str]:
    seconds = model.typical_seconds
    takes = "text and images" if model.image_inputs is not None else "text"
    return (
        model.id,
        model.name,
        model.provider,
        f"{seconds.minimum:g}-{seconds.maximum:g}",
        takes,
    )
