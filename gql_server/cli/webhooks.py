"""``gql-server webhooks``."""

from typing import Annotated

import typer

from gql_server.bootstrap.resources import check_database_exists, webhook_secrets
from gql_server.cli.start import fail, read_settings
from gql_server.webhooks.signatures import user_secret

webhooks = typer.Typer(name="webhooks", help="Print webhook secrets.", no_args_is_help=True)


@webhooks.command("secret")
def _secret(
    user: Annotated[
        str | None,
        typer.Option(
            help="User whose webhooks are verified. Defaults to the server's own "
            "webhooks, about its budgets."
        ),
    ] = None,
) -> None:
    """Print the secrets that a user's webhooks are signed with, for those who receive them.

    Each user has their own, derived from WEBHOOK_SECRET; `viewer { webhookSecrets }` returns the
    same. With SQLite a secret is made where the database has none yet; with PostgreSQL
    WEBHOOK_SECRET has it.
    """
    settings = read_settings()
    check_database_exists(settings)
    secrets = webhook_secrets(settings)
    if not secrets:
        fail("WEBHOOK_SECRET: with PostgreSQL it must be set, to the same on every process")
    for secret in secrets:
        typer.echo(user_secret(secret, user))
