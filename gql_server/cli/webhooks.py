"""``gql-server webhooks``."""

import typer

from gql_server.bootstrap.resources import StartError, webhook_secrets
from gql_server.cli.start import fail, read_settings

webhooks = typer.Typer(
    name="webhooks", help="What receivers need to know of webhooks.", no_args_is_help=True
)


@webhooks.command("secret")
def _secret() -> None:
    """Print the secrets that webhooks are signed with, for those who receive them.

    With SQLite one is made where there is none yet; with PostgreSQL WEBHOOK_SECRET has it.
    """
    try:
        secrets = webhook_secrets(read_settings())
    except StartError as error:
        fail(str(error))
    if not secrets:
        fail("WEBHOOK_SECRET: with PostgreSQL it must be set, to the same on every process")
    for secret in secrets:
        typer.echo(secret)
