"""``gql-server models``."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from gql_server.cli.prices import listing_of_account, print_table
from gql_server.cli.start import fail, read_settings
from gql_server.domain.clock import now
from gql_server.inference.catalogue import Catalogue, load_catalogue, similar_models
from gql_server.inference.catalogue_changes import ModelChange, compare_models
from gql_server.inference.model import Model, ModelStatus
from gql_server.inference.override_files import adopt, write_overrides
from gql_server.inference.overrides import OverridesError, read_overrides
from gql_server.inference.workers_ai.account_models import AccountModels, fetch_account_models
from gql_server.settings import Settings
from gql_server.text_files import TextFileError, read_text

_NEAR: Final = 0.4
_MAX_NEAR: Final = 5


class _ListsByDefault(TyperGroup):
    """Lists where no command is named: ``gql-server models flux``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command in front where there is none."""
        if not args or args[0] not in {*self.commands, *ctx.help_option_names}:
            args = ["list", *args]
        return super().parse_args(ctx, args)


models = typer.Typer(
    name="models",
    cls=_ListsByDefault,
    help="List the models that images are generated with, or compare them with Cloudflare's.",
)


@models.command("list")
def _list(
    name: Annotated[
        str | None,
        typer.Argument(
            help="Part of a model's ID, name or maker; case is ignored. All models when omitted."
        ),
    ] = None,
) -> None:
    """List the models of this server. `gql-server models NAME` does the same.

    Lists the models of this version, with the changes of MODEL_OVERRIDES; Cloudflare is not
    queried. If no model has the name, the nearest names are suggested.
    """
    catalogue = _catalogue(read_settings())
    found = [model for model in catalogue.models if name is None or _has(model, name)]
    if not found:
        given = name or ""
        if given in catalogue.withdrawn:
            fail(f"{given} was withdrawn: {catalogue.withdrawn[given]}")
        near = similar_models(given, catalogue.models, most=_MAX_NEAR, likeness=_NEAR)
        fail(f"No model is named {name}." + (f" Did you mean {', '.join(near)}?" if near else ""))
    print_table([("id", "name", "maker", "seconds", "takes", "status"), *map(_row, found)])


@models.command("refresh")
def _refresh(
    write: Annotated[
        Path | None,
        typer.Option(
            help="Write the changes that can be adopted to this file, for MODEL_OVERRIDES."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Compare the models with those that Cloudflare lists for the account.

    Prints models that are new, changed, deprecated or gone, with what to use instead. Settings are
    compared with the schemas that Cloudflare gives; `gql-server prices refresh` compares prices.
    Changes nothing except the file named by --write, which starts with the overrides in use.
    """
    settings = read_settings()
    catalogue = _catalogue(settings)
    listed = _listed(settings, catalogue)
    today = now().date()
    changes = compare_models(catalogue, listed, on=today)
    _print_changes(changes)
    if not listed.has_other_providers:
        typer.echo(
            "Cloudflare lists no models of other providers for this account; those of the "
            "catalogue were not compared."
        )
    if write is None:
        return
    try:
        present = read_text(settings.model_overrides) if settings.model_overrides else ""
        adopted = adopt(present, changes, on=today)
        for model_id, reason in adopted.by_hand.items():
            typer.echo(f"{model_id} must be changed by hand: {reason}")
        if not adopted.models:
            typer.echo(f"Nothing to write: {write} was not changed.")
            return
        write_overrides(write, adopted.text, overwrite=force)
    except (OverridesError, TextFileError) as error:
        fail(str(error))
    typer.echo(f"Wrote {write}: read it, name it in MODEL_OVERRIDES, and restart the servers.")


def _catalogue(settings: Settings) -> Catalogue:
    return load_catalogue(overrides=read_overrides(settings.model_overrides))


def _listed(settings: Settings, catalogue: Catalogue) -> AccountModels:
    known = {model.id for model in catalogue.models}
    return listing_of_account(settings, partial(fetch_account_models, known=known))


def _print_changes(changes: Sequence[ModelChange]) -> None:
    if not changes:
        typer.echo("Cloudflare's models match the catalogue.")
        return
    rows = [("change", "model", "what", "here", "Cloudflare")]
    rows += [
        (found.kind.value, found.model_id, found.what, found.here, found.listed)
        for found in changes
    ]
    print_table(rows)


def _has(model: Model, name: str) -> bool:
    part = name.casefold()
    return any(part in text.casefold() for text in (model.id, model.name, model.provider))


def _row(model: Model) -> tuple[str, ...]:
    seconds = model.typical_seconds
    takes = "text and images" if model.image_inputs is not None else "text"
    return (
        model.id,
        model.name,
        model.provider,
        f"{seconds.minimum:g}-{seconds.maximum:g}",
        takes,
        "" if model.status is ModelStatus.CURRENT else model.status.value,
    )
