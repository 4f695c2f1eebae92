"""``gql-server keys``."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Final

import typer

from gql_server.access.keys import KeyDraft, create_key, list_keys, revoke_key
from gql_server.cli.start import in_utc, with_database
from gql_server.database.engine.engine import Database
from gql_server.database.engine.pages import MAX_PAGE_SIZE, PageKey, PageRequest, page_key_of
from gql_server.database.records.api_keys import ApiKeyRecord
from gql_server.domain.budgets import BudgetPeriod
from gql_server.domain.clock import now, to_iso
from gql_server.domain.principal import EVERYONE, Role
from gql_server.ledger.budgets.budgets import BudgetRequest

keys = typer.Typer(
    name="keys", help="Create, list and revoke API keys (AUTH=keys).", no_args_is_help=True
)

_HEADINGS: Final = ("id", "prefix", "user", "role", "state", "created", "last used", "name")


_PERIODS: Final = {"day": BudgetPeriod.DAILY, "month": BudgetPeriod.MONTHLY}


def _read_budget(text: str) -> BudgetRequest:
    amount, _, period = text.partition("/")
    try:
        return BudgetRequest(limit=float(amount), period=_PERIODS[period or "month"])
    except (ValueError, KeyError):
        raise typer.BadParameter("give US dollars such as 25, 25/day or 2.50/month") from None


@keys.command("create")
def _create(
    user: Annotated[
        str,
        typer.Option(
            help="ID of the user the key authenticates as, such as ann: 1 to 100 characters."
        ),
    ],
    role: Annotated[
        Role,
        typer.Option(
            help="Role of the key: reader, creator (may spend) or admin (sees all users "
            "and manages the server)."
        ),
    ],
    expires: Annotated[
        datetime | None,
        typer.Option(
            help="When the key expires (UTC), in the future, such as 2027-01-31. Without "
            "it, the key does not expire."
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            help="Display name, such as where the key is used: at most 100 "
            "characters. None when omitted."
        ),
    ] = None,
    budget: Annotated[
        BudgetRequest | None,
        typer.Option(
            help="Budget of the key in US dollars, 0 to 1,000,000,000, per month unless given per "
            "day: 25/day. Requests that would exceed it are refused. No budget when omitted.",
            metavar="AMOUNT[/day|/month]",
            parser=_read_budget,
        ),
    ] = None,
) -> None:
    """Create an API key.

    Prints only its secret to standard output. The secret is not shown again.
    """
    draft = KeyDraft(user_id=user, role=role, name=name, expires_at=in_utc(expires), budget=budget)
    created = with_database(lambda database: create_key(database, draft))
    typer.echo(
        (f"{created.key.id} for {user}, {role.value}. Store the secret: it is not shown again."),
        err=True,
    )
    typer.echo(created.secret)


@keys.command("list")
def _list(
    user: Annotated[str | None, typer.Option(help="Only keys of this user.")] = None,
) -> None:
    """List API keys, newest first."""

    async def run(database: Database) -> None:
        typer.echo("\t".join(_HEADINGS))
        async for key in _all_keys(database, user):
            typer.echo("\t".join(_line(key)))

    with_database(run)


@keys.command("revoke")
def _revoke(
    key: Annotated[str, typer.Argument(help="ID of the key, key_….")],
) -> None:
    """Revoke an API key, in every running server on the database."""
    revoked = with_database(lambda database: revoke_key(database, key))
    typer.echo(f"{revoked.id} of {revoked.user_id} is revoked.")


async def _all_keys(database: Database, user: str | None) -> AsyncIterator[ApiKeyRecord]:
    after: PageKey | None = None
    while True:
        request = PageRequest(size=MAX_PAGE_SIZE, after=after)
        page = await list_keys(database, EVERYONE, request, user_id=user)
        for key in page.rows:
            yield key
        if not page.has_more:
            return
        after = page_key_of(page.rows[-1])


def _line(key: ApiKeyRecord) -> tuple[str, ...]:
    last_used = key.last_used_at
    return (
        key.id,
        key.prefix,
        key.user_id,
        key.role,
        _state(key),
        to_iso(key.created_at),
        to_iso(last_used) if last_used is not None else "never",
        key.name or "",
    )


def _state(key: ApiKeyRecord) -> str:
    if key.revoked_at is not None:
        return f"revoked {to_iso(key.revoked_at)}"
    expires_at = key.expires_at
    if expires_at is None:
        return "good"
    return f"{'expired' if expires_at <= now() else 'good until'} {to_iso(expires_at)}"
