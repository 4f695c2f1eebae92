"""``gql-server audit --store``: the store compared with the database."""

import json
from dataclasses import dataclass
from datetime import timedelta

import typer

from gql_server.bootstrap.resources import open_bucket, open_folder, store_settings
from gql_server.bootstrap.store_identity import WrongStore, adopt, require_store
from gql_server.cli.start import fail, read_settings, with_database
from gql_server.cli.store_audit_display import StoreAuditDisplay
from gql_server.database.engine.engine import Database
from gql_server.ledger.audit.store import AnothersObjects, audit_store
from gql_server.ledger.audit.store_report import Finding, StoreReport
from gql_server.storage.store import Store, StoreMisconfigured, StoreUnavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreAuditOptions:
    """What ``gql-server audit --store`` was called with."""

    repair: bool
    adopt: bool
    force: bool
    restart: bool
    as_json: bool
    grace_hours: float


def audit_files(options: StoreAuditOptions) -> None:
    """Compare the store with the database, and print what differs; exit 1 where something does."""
    if options.repair and options.grace_hours < 1 and not options.force:
        fail(
            "--grace-hours: with --repair, less than 1 could move files that a running server "
            "is about to record; stop every server and add --force"
        )
    settings = read_settings()

    async def run(database: Database) -> StoreReport | str:
        try:
            store = open_folder(settings) or await open_bucket(settings)
            try:
                if options.adopt:
                    return await adopt(database, store)
                await require_store(database, store)
                await store.check()
                return await _audit(database, store, options)
            finally:
                await store.close()
        except AnothersObjects as error:
            fail(str(error))
        except (StoreMisconfigured, StoreUnavailable, WrongStore) as error:
            fail(f"{store_settings(settings)}: {error}")

    found = with_database(run)
    if isinstance(found, str):
        typer.echo(f"The database's images are in the store {found} from now on.")
        return
    if options.as_json:
        report = {"agrees": found.agrees, **found.to_json()}
        typer.echo(json.dumps(report, indent=2))
    else:
        print_report(found)
    if not found.is_clean:
        raise typer.Exit(1)


async def _audit(database: Database, store: Store, options: StoreAuditOptions) -> StoreReport:
    with StoreAuditDisplay() as display:
        return await audit_store(
            database,
            store,
            repair=options.repair,
            force=options.force,
            restart=options.restart,
            grace=timedelta(hours=options.grace_hours),
            on_progress=display.show_audit,
        )


def print_report(report: StoreReport) -> None:
    """Print what an audit of the store found, and what to do about it."""
    done = report.is_repaired
    for finding, text in (
        (report.missing, "file is gone" + (": marked as missing" if done else "")),
        (report.damaged, "file has another size" + (": marked as missing" if done else "")),
        (report.returned, "file is there again" + (": no longer marked" if done else "")),
        (report.orphans, "belongs to no image" + (": moved to .quarantine" if done else "")),
    ):
        _print_finding(finding, text)
    typer.echo(
        f"{report.rows} images and uploads, {report.objects} files: {report.missing.count} gone, "
        f"{report.damaged.count} damaged, {report.known} marked before, {report.returned.count} "
        f"there again, {report.orphans.count} belong to no image ({report.orphan_bytes} bytes)."
    )
    if report.is_clean:
        typer.echo("The store and the database agree.")
    else:
        typer.echo("Mark what is gone, and move aside what belongs to no image, with --repair.")


def _print_finding(finding: Finding, text: str) -> None:
    for name in finding.names:
        typer.echo(f"{name}: {text}")
    others = finding.count - len(finding.names)
    if others:
        typer.echo(f"… and {others} more: {text}")
