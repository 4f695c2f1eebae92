"""``gql-server audit --store``: the store compared with the database."""

from datetime import timedelta

import typer

from gql_server.bootstrap.resources import open_bucket, open_folder, store_settings
from gql_server.bootstrap.store_identity import WrongStore, adopt, require_store
from gql_server.cli.start import fail, read_settings, with_database
from gql_server.database.engine.engine import Database
from gql_server.ledger.audit.store import AnothersObjects, Finding, StoreReport, audit_store
from gql_server.storage.store import StoreMisconfigured, StoreUnavailable


def audit_files(*, repair: bool, adopts: bool, force: bool, grace_hours: float) -> None:
    """Compare the store with the database, and print what differs; exit 1 where something does."""
    if repair and grace_hours < 1 and not force:
        fail(
            "--grace-hours: with --repair, less than 1 could move files that a running server "
            "is about to record; stop every server and add --force"
        )
    settings = read_settings()

    async def run(database: Database) -> StoreReport | str:
        try:
            store = open_folder(settings) or await open_bucket(settings)
            try:
                if adopts:
                    return await adopt(database, store)
                await require_store(database, store)
                await store.check()
                return await audit_store(
                    database,
                    store,
                    repair=repair,
                    force=force,
                    grace=timedelta(hours=grace_hours),
                )
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
    _print(found)
    if not found.is_clean:
        raise typer.Exit(1)


def _print(report: StoreReport) -> None:
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
