"""``gql-server audit`` and ``gql-server costs``."""

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from gql_server.cli.start import fail, in_utc, with_database
from gql_server.cli.store_audit import StoreAuditOptions, audit_files
from gql_server.database.engine.engine import Database
from gql_server.domain.money import signed_nano_dollars
from gql_server.ledger.adjustments import Adjustment, adjust
from gql_server.ledger.audit.audit import audit as run_audit
from gql_server.ledger.audit.store import DEFAULT_GRACE
from gql_server.ledger.reports.export import (
    ExportFormat,
    LedgerRange,
    ParquetNotInstalled,
    export_ledger,
    parquet_export,
)

costs = typer.Typer(name="costs", help="Adjust and export the ledger.", no_args_is_help=True)


def audit(
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Recompute roll-ups that differ. With --store, mark images whose file is gone, "
            "and move aside files that belong to no image.",
        ),
    ] = False,
    store: Annotated[
        bool,
        typer.Option(
            "--store",
            help="Compare the files in the store with the database, instead of "
            "the ledger with the images.",
        ),
    ] = False,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt",
            help="With --store: use this store for the database's images, whatever it contains.",
        ),
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force",
            help="With --store --repair: move files aside even if most belong to no image.",
        ),
    ] = False,
    grace_hours: Annotated[
        float,
        typer.Option(
            "--grace-hours",
            min=0,
            help="With --store: leave files younger than this alone, in hours.",
        ),
    ] = DEFAULT_GRACE.total_seconds() / 3600,
    restart: Annotated[
        bool,
        typer.Option(
            "--restart",
            help="With --store: start over instead of continuing an audit that was interrupted.",
        ),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json",
            help="With --store: print one JSON object, with the first 100 names of each kind.",
        ),
    ] = False,
) -> None:
    """Recompute everything from the ledger and the images, and report any difference.

    With --store, the files are compared with the database instead; an audit that was interrupted
    is continued. Exits with 1 if something differs and was not repaired, or could not be compared.
    The server may run meanwhile.
    """
    if store:
        options = StoreAuditOptions(
            repair=repair,
            adopt=adopt,
            force=force,
            restart=restart,
            as_json=as_json,
            grace_hours=grace_hours,
        )
        audit_files(options)
        return
    if adopt or force or restart or as_json:
        fail("--adopt, --force, --restart and --json go with --store")
    report = with_database(lambda database: run_audit(database, repair=repair))
    for image_id in report.images:
        typer.echo(f"{image_id}: its charge is missing or does not match the image")
    for charge_id in report.charges:
        typer.echo(f"{charge_id}: its image does not exist")
    for batch_id in report.batches:
        typer.echo(f"{batch_id}: its counts or cost do not match its items and images")
    what_next = "recomputed" if report.is_repaired else "fix them with --repair"
    for day in report.days:
        typer.echo(f"{day:%Y-%m-%d}: roll-ups differ from the ledger; {what_next}")
    for day in report.model_days:
        typer.echo(f"{day:%Y-%m-%d}: roll-ups of models differ from the images; {what_next}")
    for month in report.months:
        typer.echo(f"{month:%Y-%m}: roll-ups differ from those of its days; {what_next}")
    if not report.is_clean:
        raise typer.Exit(1)
    typer.echo("Ledger, images, batches and roll-ups agree.")


@costs.command("adjust")
def _adjust(
    user: Annotated[str, typer.Option(help="ID of the user whose account is adjusted.")],
    amount: Annotated[
        str,
        typer.Option(
            help="Amount in US dollars, exact to a billionth, and not 0. Negative "
            "amounts, such as -0.02, are refunds."
        ),
    ],
    reason: Annotated[
        str, typer.Option(help="Reason, recorded in the ledger: 3 to 500 characters.")
    ],
    image: Annotated[
        str | None,
        typer.Option(help="ID of the image the adjustment concerns, img_…. None when omitted."),
    ] = None,
    preview: Annotated[
        bool,
        typer.Option(
            "--preview",
            help="Adjust the user's account of previews, instead of that of paid images.",
        ),
    ] = False,
) -> None:
    """Add an adjustment to the ledger."""
    try:
        nanos = signed_nano_dollars(Decimal(amount))
    except (InvalidOperation, ValueError) as error:
        fail(f"--amount: {str(error) or 'not a decimal number'}")
    adjustment = Adjustment(
        user_id=user, amount=nanos, reason=reason, image_id=image, is_preview=preview
    )
    charge_id = with_database(lambda database: adjust(database, adjustment))
    typer.echo(f"{charge_id}: {amount} dollars to the account of {user}.")


@costs.command("export")
def _export(
    since: Annotated[
        datetime | None,
        typer.Option(
            help="Include only entries at or after this time (UTC). No start when omitted."
        ),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option(help="Include only entries before this time (UTC). No end when omitted."),
    ] = None,
    file_format: Annotated[
        ExportFormat,
        typer.Option(
            "--format", help="Output format: csv, json (one object per line) or parquet (binary)."
        ),
    ] = ExportFormat.CSV,
) -> None:
    """Print the ledger, oldest entries first."""
    time = LedgerRange(since=in_utc(since), until=in_utc(until))
    if file_format is ExportFormat.PARQUET:
        _export_parquet(time)
        return
    text_format = file_format

    async def run(database: Database) -> None:
        async for line in export_ledger(database, time, text_format):
            typer.echo(line)

    with_database(run)


def _export_parquet(time: LedgerRange) -> None:
    try:
        write = parquet_export()
    except ParquetNotInstalled as error:
        fail(f"--format parquet: {error}")
    target = typer.get_binary_stream("stdout")
    if target.isatty():
        fail(
            "--format parquet: binary output cannot be shown in a terminal; redirect it with > FILE"
        )
    with_database(lambda database: write(database, time, target))
