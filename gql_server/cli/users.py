"""``gql-server users``."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import typer

from gql_server.bootstrap.image_files import edge_cache_of
from gql_server.bootstrap.resources import open_bucket, open_folder, store_settings
from gql_server.bootstrap.store_identity import WrongStore, require_store
from gql_server.cli.start import fail, read_settings, with_database
from gql_server.database.engine.engine import Database
from gql_server.erasure.user_erasure import UserErasureEnd, UserUnknown, erase_user, images_of
from gql_server.erasure.user_export import UserExport, export_user
from gql_server.generation.image_files import ImageFiles
from gql_server.settings import Settings
from gql_server.storage.store import Store, StoreMisconfigured, StoreUnavailable

users = typer.Typer(
    name="users", help="Export or erase everything of a user.", no_args_is_help=True
)

_User = Annotated[str, typer.Argument(help="ID of the user.", show_default=False)]


@users.command("export")
def _export(
    user: _User,
    file: Annotated[Path, typer.Argument(help="ZIP file to write.", show_default=False)],
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace the file if it exists.")
    ] = False,
) -> None:
    """Write everything of a user into a ZIP file.

    It has the images and uploads with their files, templates, batches, costs, keys without their
    secrets, budgets and webhooks, as lists of JSON objects, and a manifest. The server may run
    meanwhile.
    """
    if file.exists() and not replace:
        fail(f"{file} exists; name another file, or add --replace")
    settings = read_settings()

    async def run(database: Database) -> UserExport:
        number = await _images_of(database, user)
        async with _store(settings, database) as store:
            with typer.progressbar(length=number, label="Images") as bar:
                return await export_user(database, store, user, file, report=bar.update)

    done = with_database(run)
    for name, count in done.counts.items():
        typer.echo(f"{name}: {count}")
    if done.missing:
        typer.echo(f"{done.missing} files are missing from the store.", err=True)
    typer.echo(f"Everything of {user} is in {file}.")


@users.command("erase")
def _erase(
    user: _User,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without confirmation.")] = False,
) -> None:
    """Erase everything of a user for good: images, uploads, templates, requests and keys.

    The ledger keeps its amounts with the user's ID, and costs stay as they are. The server may run
    meanwhile. A command that was interrupted continues when it is run again.
    """
    settings = read_settings()

    number = with_database(lambda database: _images_of(database, user))
    if not yes:
        typer.confirm(
            f"Erase {user} with {number} images, all uploads, templates, batches and keys? "
            "This cannot be undone.",
            abort=True,
        )

    async def run(database: Database) -> UserErasureEnd:
        async with _store(settings, database) as store:
            edge = edge_cache_of(settings)
            try:
                files = ImageFiles(database, store, edge)
                with typer.progressbar(length=number, label="Images") as bar:
                    return await erase_user(database, files, user, report=bar.update)
            finally:
                await edge.close()

    end = with_database(run)
    if end.at_work:
        fail(
            f"{end.at_work} images of {user} are still being generated. Run the command again in "
            "some minutes."
        )
    if end.files:
        fail(
            f"{end.files} files could not be erased; the log says why. The server tries again, or "
            "run the command again."
        )
    typer.echo(f"Everything of {user} is erased ({end.erasure_id}).")


async def _images_of(database: Database, user: str) -> int:
    try:
        return await images_of(database, user)
    except UserUnknown:
        fail(f"Nothing belongs to a user {user}, or ever did.")


@asynccontextmanager
async def _store(settings: Settings, database: Database) -> AsyncIterator[Store]:
    try:
        store = open_folder(settings) or await open_bucket(settings)
        try:
            await require_store(database, store)
            await store.check()
            yield store
        finally:
            await store.close()
    except (StoreMisconfigured, StoreUnavailable, WrongStore) as error:
        fail(f"{store_settings(settings)}: {error}")
