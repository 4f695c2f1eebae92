"""Commands whose modules are imported when they run, and not to list them or to print a version."""

import gc
import sys
from contextvars import copy_context
from functools import cache
from importlib import import_module
from typing import Any, Final, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup


class Listing(NamedTuple):
    """Where a command is, and what --help says about it.

    Attributes:
        module: The module to import.
        name: The function of the command, or the Typer of a group; the command's name too.
        summary: The first sentence of the command's own help.
    """

    module: str
    name: str
    summary: str


LISTINGS: Final = (
    Listing("gql_server.cli.serve", "serve", "Serve the API and the playground."),
    Listing("gql_server.cli.worker", "worker", "Run background jobs only."),
    Listing("gql_server.cli.migrate", "migrate", "Migrate the database to this version."),
    Listing(
        "gql_server.cli.check",
        "check",
        "Check the settings and everything they name, and report how to fix what is wrong.",
    ),
    Listing(
        "gql_server.cli.models",
        "models",
        "List the models that images are generated with, or compare them with Cloudflare's.",
    ),
    Listing(
        "gql_server.cli.schema",
        "schema",
        "Print the GraphQL schema (SDL), or compare it with a file.",
    ),
    Listing(
        "gql_server.cli.ledger",
        "audit",
        "Recompute everything from the ledger and the images, and report any difference.",
    ),
    Listing(
        "gql_server.cli.backup",
        "backup",
        "Back up an SQLite database, its images and secrets, while the server runs.",
    ),
    Listing(
        "gql_server.cli.backup",
        "restore",
        "Restore a backup where there is no database yet, and report what is missing.",
    ),
    Listing(
        "gql_server.cli.batches.command",
        "batch",
        "Generate many images on a running server, and save them as they finish.",
    ),
    Listing(
        "gql_server.cli.mcp",
        "mcp",
        "Serve MCP on standard input and output, for AI agents, through a running server.",
    ),
    Listing("gql_server.cli.ledger", "costs", "Adjust and export the ledger."),
    Listing("gql_server.cli.prices", "prices", "Compare and update provider prices."),
    Listing("gql_server.cli.keys", "keys", "Create, list and revoke API keys (AUTH=keys)."),
    Listing("gql_server.cli.users", "users", "Export or erase everything of a user."),
    Listing("gql_server.cli.webhooks", "webhooks", "Print webhook secrets."),
)


class Commands(TyperGroup):
    """The commands of ``LISTINGS``.

    Ends every command with a line, and no traceback, where an operator can fix what is wrong.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        for listing in LISTINGS:
            self.add_command(_Listed(listing))

    # Typer has the context's class to itself.
    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        # The settings that one command reads are not those of the next in this process.
        return copy_context().run(self._invoke, ctx)

    def _invoke(self, ctx: Any) -> Any:
        try:
            result = super().invoke(ctx)
            # Now, while a full disk can be reported.
            sys.stdout.flush()
        except (typer.TyperException, typer.Abort, typer.Exit):
            raise  # Typer's own, for a wrong argument or an end
        except Exception as error:
            from gql_server.cli.failures import fail_with  # noqa: PLC0415 - needs the whole server

            fail_with(error)
            raise
        return result


def load_command(listing: Listing) -> Any:
    """Import a command, with all that it needs; return it as Typer builds it."""
    _import(listing.module)
    found = getattr(import_module(listing.module), listing.name)
    app = typer.Typer(add_completion=False)
    if isinstance(found, typer.Typer):
        app.add_typer(found)
    else:
        app.command(listing.name)(found)
    return typer.main.get_group(app).commands[listing.name]


@cache
def _import(module: str) -> None:
    # None of what the modules make is garbage: to look at it again and again takes a third of the
    # time that the import takes, and most of the end.
    gc.disable()
    try:
        import_module(module)
        gc.freeze()
    finally:
        gc.enable()


class _Listed(TyperCommand):
    """Stands for a command until it is called."""

    def __init__(self, listing: Listing) -> None:
        super().__init__(listing.name, callback=None, help=listing.summary)
        self._listing = listing

    def make_context(self, *given: Any, **named: Any) -> Any:
        """Parse the command's own arguments."""
        return load_command(self._listing).make_context(*given, **named)
