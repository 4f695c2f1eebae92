"""Options of the commands that are clients of a running server."""

from typing import Final, NoReturn

import typer

from gql_server.client.options import api_key_of, server_url

_WRONG: Final = 2


def checked_address(url: str) -> str:
    """Return the address of a server; end the command if it is none."""
    try:
        return server_url(url)
    except ValueError as error:
        refuse(str(error).replace("url:", "--server:", 1))


def read_key() -> str | None:
    """Return the API key from the environment; end the command if it cannot be read."""
    try:
        return api_key_of(None)
    except ValueError as error:
        refuse(str(error))


def refuse(message: str) -> NoReturn:
    """End the command because the request is invalid."""
    typer.echo(message, err=True)
    raise typer.Exit(_WRONG)
