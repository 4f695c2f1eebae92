"""``gql-server prices``."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from gql_server.cli.start import fail, read_settings
from gql_server.domain.clock import now
from gql_server.inference.catalogue import load_catalogue
from gql_server.inference.overrides import read_overrides
from gql_server.inference.workers_ai.listing import fetch_listing
from gql_server.inference.workers_ai.listing_calls import ListingFailed
from gql_server.ledger.prices.files import PriceBookError, read_text
from gql_server.ledger.prices.price_book import load_price_book
from gql_server.ledger.prices.refresh import Difference, compare_prices, write_price_book
from gql_server.settings import Settings

T = TypeVar("T")

prices = typer.Typer(
    name="prices", help="Compare and update provider prices.", no_args_is_help=True
)


@prices.callback()
def _prices() -> None:
    """Keep the group a group while it has one command."""


@prices.command("refresh")
def _refresh(
    write: Annotated[
        Path | None,
        typer.Option(
            help="Write a price book with the differing prices to this file, for PRICE_BOOK."
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
) -> None:
    """Compare Cloudflare's list of models and unit prices with those in use.

    Prints the differences. Changes nothing except the file named by --write, which starts with
    the price book in use.
    """
    settings = read_settings()
    catalogue = load_catalogue(overrides=read_overrides(settings.model_overrides))
    moment = now().replace(microsecond=0)
    try:
        book = load_price_book(catalogue, settings.price_book)
        found = compare_prices(
            catalogue, book, listing_of_account(settings, fetch_listing), at=moment
        )
        _print(found.differences)
        if write is None:
            return
        if not found.prices:
            typer.echo(f"No prices to write: {write} was not changed.")
            return
        write_price_book(
            write,
            found.prices,
            catalogue=catalogue,
            present=read_text(settings.price_book) if settings.price_book else "",
            at=moment,
            overwrite=force,
        )
    except PriceBookError as error:
        fail(str(error))
    typer.echo(
        f"Wrote {write}: name it in PRICE_BOOK, and its prices hold from {moment:%F %T} UTC."
    )


def listing_of_account(settings: Settings, fetch: Callable[..., Coroutine[Any, Any, T]]) -> T:
    """Return what Cloudflare lists for the account; a failure ends the command.

    Args:
        settings: The account and its token.
        fetch: Reads a list with ``account_id``, ``api_token`` and ``base_url``.
    """
    account, token = settings.cloudflare_account_id, settings.cloudflare_api_token
    if account is None or token is None:
        fail("CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_API_TOKEN: set them to read Cloudflare's list")
    listing = fetch(
        account_id=account,
        api_token=token.get_secret_value(),
        base_url=settings.workers_ai_base_url,
    )
    try:
        return asyncio.run(listing)
    except ListingFailed as error:
        names = "WORKERS_AI_BASE_URL"
        if error.is_refusal:
            names = "CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_API_TOKEN"
        fail(f"{names}: {error}")


def _print(differences: Sequence[Difference]) -> None:
    if not differences:
        typer.echo("Cloudflare's models and prices match those in use.")
        return
    rows = [("model", "what", "here", "Cloudflare")]
    rows += [(found.model_id, found.what, found.here, found.listed) for found in differences]
    print_table(rows)


def print_table(rows: Sequence[tuple[str, ...]]) -> None:
    """Print rows, the heading first, with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())
